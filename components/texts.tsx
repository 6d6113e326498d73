'use client'

import { useSyncExternalStore, type ReactNode } from 'react'
import { IntlProvider } from 'use-intl'
import type { Choice } from './language'
import en from './messages/en.json'
import es from './messages/es.json'
import pt from './messages/pt.json'

const catalogues = { en, es, pt }

const unchanging = () => () => {}
const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

export function Texts({ language, locale, children }: Choice & { children: ReactNode }) {
  const timeZone = useSyncExternalStore(unchanging, ownZone, () => 'UTC')
  return (
    <IntlProvider locale={locale} messages={catalogues[language]} timeZone={timeZone}>
      {children}
    </IntlProvider>
  )
}
