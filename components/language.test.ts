import { expect, it } from 'vitest'
import { pickLanguage } from './language'

it.each([
  [null, 'en'],
  ['', 'en'],
  ['es-MX,es;q=0.9,en;q=0.8', 'es'],
  ['pt-BR', 'pt'],
  ['fr-FR,fr;q=0.9,pt;q=0.5,en;q=0.3', 'pt'],
  ['de', 'en'],
  ['en;q=0.2, es;q=0.7', 'es'],
  ['es;q=0, en', 'en'],
  ['*', 'en'],
])('%s is answered in %s', (header, language) => {
  expect(pickLanguage(header).language).toBe(language)
})

it('keeps the region for dates, and only one that is one', () => {
  expect(pickLanguage('en-GB,en;q=0.9').locale).toBe('en-GB')
  expect(pickLanguage('pt').locale).toBe('pt')
  expect(pickLanguage('en-<script>').locale).toBe('en')
})
