'use client'

import { useSyncExternalStore, type ReactNode } from 'react'
import { IntlProvider } from 'use-intl'
import type { Choice } from './language'
import { catalogues } from './messages/catalogues'

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
