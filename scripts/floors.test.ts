import { expect, test } from 'vitest'
import { findBreaches } from './floors'
import { planted } from './floors-planted'

test.each(planted)('$file importing $text is a breach: $isBreach', ({ file, text, isBreach }) => {
  expect(findBreaches(new Map([[file, text]])).length > 0).toBe(isBreach)
})

test('Baileys is found behind any number of steps', () => {
  const files = new Map([
    ['app/page.tsx', "import { view } from '@/lib/bridge/view'"],
    ['lib/bridge/view.ts', "import { kinds } from '@/lib/channel/kinds'"],
    ['lib/channel/kinds.ts', "export { socket } from './whatsapp/socket'"],
    ['lib/channel/whatsapp/socket.ts', "import makeWASocket from '@whiskeysockets/baileys'"],
  ])
  expect(findBreaches(files).map(({ file, rule }) => [file, rule])).toContainEqual([
    'app/page.tsx',
    'Baileys never enters the web',
  ])
})

test('no file at all is an error, not a pass', () => {
  expect(() => findBreaches(new Map())).toThrow('no file')
})
