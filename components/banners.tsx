'use client'

import { Clock, CreditCard } from 'lucide-react'
import type { ReactNode } from 'react'
import { useFormatter, useTranslations } from 'use-intl'
import type { EntitlementView } from '@/lib/bridge/entitlement/read'
import { AlertStrip } from './alert-strip'
import { useEntitlement } from './queries'
import { useServerNow } from './use-server-now'
import { cn } from './ui/cn'

/** What somebody must know on every page of a sub-account, while it is true. */
export function Banners({ locationId }: { locationId: string }) {
  const entitlement = useEntitlement(locationId)
  return (
    <>
      {entitlement.data && <Trial entitlement={entitlement.data} />}
      <AlertStrip locationId={locationId} isUnpaid={entitlement.data?.state === 'ended'} />
    </>
  )
}

export function Strip(props: { tone: 'bad' | 'wait'; icon: ReactNode; title: string; text: string }) {
  return (
    <div
      role={props.tone === 'bad' ? 'alert' : 'status'}
      className={cn(
        'mb-3 flex items-start gap-3 rounded-xl p-3.5',
        props.tone === 'bad' ? 'bg-bad-soft' : 'bg-wait-soft',
      )}
    >
      <span className={cn('mt-0.5 shrink-0 [&_svg]:size-4', props.tone === 'bad' ? 'text-bad' : 'text-wait')}>
        {props.icon}
      </span>
      <div className="min-w-0 flex-1">
        <p className={cn('font-semibold break-words', props.tone === 'bad' ? 'text-bad' : 'text-wait')}>
          {props.title}
        </p>
        <p className="mt-0.5 text-pretty">{props.text}</p>
      </div>
    </div>
  )
}

function Trial({ entitlement }: { entitlement: EntitlementView }) {
  const t = useTranslations('banner')
  const format = useFormatter()
  const now = useServerNow()
  const { state, endsAt, hearsUntil, keptUntil, banner, because } = entitlement
  if (banner === null || endsAt === null) return null
  if (state === 'ended' && hearsUntil !== null && keptUntil !== null)
    return (
      <Strip
        tone="bad"
        icon={<CreditCard aria-hidden />}
        title={t(because === 'number' ? 'endedNumber' : 'ended')}
        text={t(now < new Date(hearsUntil) ? 'endedWhat' : 'endedSilent', {
          when: format.dateTime(new Date(hearsUntil), { dateStyle: 'long', timeStyle: 'short' }),
          day: format.dateTime(new Date(keptUntil), { dateStyle: 'long' }),
        })}
      />
    )
  const ends = new Date(endsAt)
  const hours = Math.max(1, Math.ceil((ends.getTime() - now.getTime()) / 3_600_000))
  return (
    <Strip
      tone="wait"
      icon={<Clock aria-hidden />}
      title={hours < 48 ? t('trialHours', { count: hours }) : t('trialDays', { count: Math.floor(hours / 24) })}
      text={t('trialWhat', { when: format.dateTime(ends, { dateStyle: 'long', timeStyle: 'short' }) })}
    />
  )
}
