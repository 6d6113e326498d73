'use client'

import type { ReactNode } from 'react'
import { useFormatter, useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { Ago, Day } from './moment'

/** The number and how it is doing. */
export function SessionFacts({ session }: { session: SessionView }) {
  const t = useTranslations('sessions')
  const format = useFormatter()
  const { health, platform } = session
  return (
    <dl className="border-line grid grid-cols-2 gap-x-4 gap-y-3 border-t pt-4 sm:grid-cols-3">
      <Fact name={t('number')}>{session.phone ? <bdi dir="ltr">{session.phone}</bdi> : t('noNumber')}</Fact>
      <Fact name={t('name')} more={session.pushName && platform ? t(`platform.${platform}`) : undefined}>
        {session.pushName ?? (platform ? t(`platform.${platform}`) : '–')}
      </Fact>
      <Fact name={t('created')}>
        <Day iso={session.createdAt} />
      </Fact>
      <Fact name={t('lastMessage')}>{health.lastMessageAt ? <Ago iso={health.lastMessageAt} /> : t('noMessage')}</Fact>
      <Fact name={t('delivered')}>
        {health.deliveredShare === null
          ? t('noneSent')
          : t('deliveredOf', {
              share: format.number(health.deliveredShare, { style: 'percent', maximumFractionDigits: 0 }),
              count: health.sent24h,
            })}
      </Fact>
      <Fact name={t('warmUp')}>
        {health.warmUp
          ? t('warmUpDay', { day: health.warmUp.day, used: health.warmUp.usedToday, limit: health.warmUp.limit })
          : session.firstLinkedAt === null
            ? t('warmUpNotBegun')
            : t('warmUpOver')}
      </Fact>
    </dl>
  )
}

function Fact({ name, more, children }: { name: string; more?: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted text-xs">{name}</dt>
      <dd className="min-h-10 font-medium break-words">
        {children}
        {more && <span className="text-muted block text-xs font-normal">{more}</span>}
      </dd>
    </div>
  )
}
