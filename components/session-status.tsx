'use client'

import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { Ago } from './moment'
import { StateBadge, useStateSentence } from './state-badge'

/** What it is, what that means and since when. As high for every status, so that a change moves nothing around it. */
export function SessionStatus({ session, children }: { session: SessionView; children?: ReactNode }) {
  const t = useTranslations('sessions')
  const sentence = useStateSentence()
  return (
    <div className="flex flex-col gap-2">
      <div role="status" className="flex min-h-22 flex-col items-start gap-1.5 sm:min-h-17">
        <StateBadge status={session.status} />
        <p className="text-pretty">{sentence(session)}</p>
      </div>
      <div className="flex min-h-9 items-center justify-between gap-2">
        <p className="text-muted min-w-0 leading-4.5">
          {t('since')} <Ago iso={session.since} />
        </p>
        <div className="flex shrink-0 gap-2">{children}</div>
      </div>
    </div>
  )
}
