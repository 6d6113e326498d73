import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { IntlProvider } from 'use-intl'
import { expect, it } from 'vitest'
import type { SessionId } from '@/lib/ids'
import { catalogues } from './messages/catalogues'
import { TraceSteps, useTraceSentence } from './trace'

type Trace = Parameters<typeof TraceSteps>[0]['trace']

const trace: Trace = {
  ...{ rule: 7, session: null, priority: 1, skipped: [], code: '#WH5', holdMs: null, text: 'as the server says it' },
  warnings: ['code_unused'],
  fallbackFrom: { session: 's2' as SessionId, label: 'Ventas', priority: 2, why: 'stopped' },
}

function Said() {
  return useTraceSentence()(trace, { label: 'Soporte' }, null)
}

it.each([['es'], ['pt']] as const)('what took the place of a choice is never silent in %s', (language) => {
  const messages = catalogues[language]
  const props = { locale: language, messages, timeZone: 'UTC' } as unknown as Parameters<typeof IntlProvider>[0]
  const shown = (node: ReturnType<typeof createElement>) =>
    renderToStaticMarkup(createElement(IntlProvider, props, node))
  const unused = messages.trace.warning.code_unused.replace('{code}', '#WH5')
  for (const text of [shown(createElement(Said)), shown(createElement(TraceSteps, { trace, labelled: 'x' }))]) {
    expect(text).toContain(unused)
    expect(text).toContain('Ventas')
  }
})
