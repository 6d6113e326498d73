'use client'

import { useQuery } from '@tanstack/react-query'
import { CircleAlert, Clock, CreditCard, X } from 'lucide-react'
import Link from 'next/link'
import { useState, type ReactNode } from 'react'
import { useFormatter, useLocale, useNow, useTranslations } from 'use-intl'
import type { AlertView } from '@/lib/bridge/alert/list'
import type { EntitlementView } from '@/lib/bridge/entitlement/read'
import { keys } from './cache'
import { useLive } from './live'
import { pollUnless } from './queries'
import { locationPath } from './settings/settings-queries'
import { useSignedIn } from './signed-in'
import { useStateSentence } from './state-badge'
import { cn } from './ui/cn'

const dayMs = 86_400_000
/** Unpaid, what people write still arrives for so long; then the link is kept for so long before it is erased. */
const hearsOnForMs = 3 * dayMs
const keptForMs = 30 * dayMs

/** What somebody must know on every page of a sub-account. Red stays while it is true; amber can be put aside. */
export function Banners({ locationId }: { locationId: string }) {
  const { api } = useSignedIn()
  const isLive = useLive()
  const [aside, setAside] = useState<readonly string[]>([])
  const alerts = useQuery({
    queryKey: keys.alerts(locationId),
    queryFn: async () => (await api.get<{ items: AlertView[] }>(`${locationPath(locationId)}/alerts`)).items,
    refetchInterval: pollUnless(isLive, 15_000),
  })
  const entitlement = useQuery({
    queryKey: keys.entitlement(locationId),
    queryFn: () => api.get<EntitlementView>(`${locationPath(locationId)}/entitlement`),
    // Days pass without an event.
    refetchInterval: pollUnless(false, 60_000),
  })
  const shown = (alerts.data ?? []).filter(({ id, level }) => level === 'red' || !aside.includes(id))
  return (
    <>
      {entitlement.data && <Trial entitlement={entitlement.data} />}
      {shown.map((alert) => (
        <AlertBanner
          key={alert.id}
          alert={alert}
          locationId={locationId}
          onAside={() => setAside((all) => [...all, alert.id])}
        />
      ))}
    </>
  )
}

/** The server's time, looked at each minute: this machine's clock may be wrong. */
function useServerNow(): Date {
  const { api } = useSignedIn()
  useNow({ updateInterval: 60_000 })
  return new Date(api.now())
}

function Strip(props: { tone: 'bad' | 'wait'; icon: ReactNode; title: string; text: string; children?: ReactNode }) {
  return (
    <div
      role={props.tone === 'bad' ? 'alert' : 'status'}
      className={cn(
        'mb-3 flex items-start gap-3 rounded-xl p-3.5 last-of-type:mb-5',
        props.tone === 'bad' ? 'bg-bad-soft' : 'bg-wait-soft',
      )}
    >
      <span className={cn('mt-0.5 shrink-0 [&_svg]:size-4', props.tone === 'bad' ? 'text-bad' : 'text-wait')}>
        {props.icon}
      </span>
      <div className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <p className={cn('font-semibold break-words', props.tone === 'bad' ? 'text-bad' : 'text-wait')}>
            {props.title}
          </p>
          <p className="mt-0.5 text-pretty">{props.text}</p>
        </div>
        {props.children}
      </div>
    </div>
  )
}

function AlertBanner(props: { alert: AlertView; locationId: string; onAside: () => void }) {
  const t = useTranslations('banner')
  const format = useFormatter()
  const now = useServerNow()
  const sentence = useStateSentence()
  const isEnglish = useLocale().startsWith('en')
  const { alert } = props
  const at = new Date(alert.since)
  const text =
    isEnglish || alert.status === null
      ? alert.text
      : sentence({ status: alert.status, reason: alert.reason, detail: alert.text })
  // The title has the name already.
  const short = text.replace(/^.*?: /, '')
  const name = alert.label ?? t('session')
  return (
    <Strip
      tone={alert.level === 'red' ? 'bad' : 'wait'}
      icon={<CircleAlert aria-hidden />}
      title={t(alert.level, { name })}
      text={`${alert.label === null ? text : short} ${t('since', { when: format.relativeTime(at, { now: at > now ? at : now }) })}`}
    >
      <span className="flex items-center gap-1">
        {alert.sessionId && (
          <Link
            href={`/embed/${encodeURIComponent(props.locationId)}#${alert.sessionId}`}
            aria-label={`${t('look')}: ${name}`}
            className="inline-flex h-8 items-center font-medium underline underline-offset-4"
          >
            {t('look')}
          </Link>
        )}
        {alert.level === 'amber' && (
          <button
            type="button"
            aria-label={t('aside', { name })}
            onClick={props.onAside}
            className="flex size-8 items-center justify-center rounded-md"
          >
            <X aria-hidden className="size-4" />
          </button>
        )}
      </span>
    </Strip>
  )
}

function Trial({ entitlement }: { entitlement: EntitlementView }) {
  const t = useTranslations('banner')
  const format = useFormatter()
  const now = useServerNow()
  const isEnglish = useLocale().startsWith('en')
  const { state, endsAt, banner } = entitlement
  if (banner === null || endsAt === null) return null
  const ends = new Date(endsAt)
  const day = format.dateTime(ends, { dateStyle: 'long', timeStyle: 'short' })
  if (state === 'ended')
    return (
      <Strip
        tone="bad"
        icon={<CreditCard aria-hidden />}
        // English is what the server says, which knows why.
        title={isEnglish ? banner.split('. ')[0]! : t('ended')}
        text={t('endedWhat', {
          when: format.dateTime(new Date(ends.getTime() + hearsOnForMs), { dateStyle: 'long', timeStyle: 'short' }),
          day: format.dateTime(new Date(ends.getTime() + keptForMs), { dateStyle: 'long' }),
        })}
      />
    )
  const hours = Math.max(1, Math.ceil((ends.getTime() - now.getTime()) / 3_600_000))
  return (
    <Strip
      tone="wait"
      icon={<Clock aria-hidden />}
      title={hours < 48 ? t('trialHours', { count: hours }) : t('trialDays', { count: Math.floor(hours / 24) })}
      text={t('trialWhat', { when: day })}
    />
  )
}
