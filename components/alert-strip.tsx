'use client'

import { useQuery } from '@tanstack/react-query'
import { ChevronDown, CircleAlert, CircleCheck, CloudOff } from 'lucide-react'
import Link from 'next/link'
import { Popover } from 'radix-ui'
import { useId, useState } from 'react'
import { useFormatter, useLocale, useTranslations } from 'use-intl'
import type { AlertView } from '@/lib/bridge/alert/list'
import { keys } from './cache'
import { useIsCutOff, useLive } from './live'
import { pollAlso } from './queries'
import { locationPath } from './settings/settings-queries'
import { useSignedIn } from './signed-in'
import { useStateSentence } from './state-badge'
import { cn } from './ui/cn'
import { mainLandmark } from './ui/landmark'
import { useServerNow } from './use-server-now'

const looks = {
  red: 'border-transparent bg-bad-soft text-bad',
  amber: 'border-transparent bg-wait-soft text-wait',
  calm: 'border-line bg-card text-muted',
}

/**
 * How the sessions are, on every page of a sub-account. Always there and as high whatever it says, and the list opens over the
 * page: what happens moves nothing under a reader's hand.
 */
export function AlertStrip({ locationId, isUnpaid }: { locationId: string; isUnpaid: boolean }) {
  const t = useTranslations('banner')
  const { api } = useSignedIn()
  const isLive = useLive()
  const isCutOff = useIsCutOff()
  const [isOpen, setOpen] = useState(false)
  const sentence = useAlertSentence()
  const listId = useId()
  const { data: alerts } = useQuery({
    queryKey: keys.alerts(locationId),
    queryFn: async () => (await api.get<{ items: AlertView[] }>(`${locationPath(locationId)}/alerts`)).items,
    refetchInterval: pollAlso(isLive),
  })
  const needy = (alerts ?? []).filter(({ level }) => level === 'red')
  const slow = (alerts ?? []).filter(({ level }) => level === 'amber')
  const [first, ...others] = [...needy, ...slow]
  const only = others.length === 0 ? first : undefined
  const look = looks[isCutOff ? 'amber' : (first?.level ?? 'calm')]
  const Icon = isCutOff ? CloudOff : first ? CircleAlert : CircleCheck

  const title =
    !first || isCutOff
      ? ''
      : only
        ? t(only.level, { name: only.label ?? t('session') })
        : needy.length > 0
          ? t('redMany', { count: needy.length })
          : t('amberMany', { count: slow.length })
  const text = isCutOff
    ? t('cutOff')
    : !first
      ? alerts && t(isUnpaid ? 'unpaid' : 'calm')
      : only
        ? sentence(only)
        : needy.length > 0 && slow.length > 0
          ? t('alsoSlow', { count: slow.length })
          : names([...needy, ...slow], t('session'))
  return (
    <Popover.Root open={isOpen && first !== undefined} onOpenChange={setOpen}>
      <Popover.Anchor asChild>
        <section
          aria-label={t('label')}
          className={cn('mb-5 flex min-h-14 items-center gap-2.5 rounded-xl border px-3.5 sm:min-h-11', look)}
        >
          <Icon aria-hidden className={cn('size-4 shrink-0', !alerts && !isCutOff && 'invisible')} />
          <p role="status" className="min-w-0 flex-1 sm:flex sm:gap-2">
            {title && <span className="block max-w-full shrink-0 truncate font-semibold sm:max-w-[45%]">{title} </span>}
            <span className={cn('block min-w-0', isCutOff ? 'text-pretty' : 'truncate', first && 'text-ink')}>
              {text}
            </span>
          </p>
          {only && !isCutOff && <LookLink alert={only} locationId={locationId} className="text-ink max-sm:hidden" />}
          {first && (
            <Popover.Trigger
              aria-controls={isOpen ? listId : undefined}
              className="text-ink -mr-2 flex h-9 shrink-0 items-center gap-1.5 rounded-lg px-2 font-medium"
            >
              <span className="max-sm:sr-only">{t('details')}</span>
              <ChevronDown aria-hidden className={cn('size-4', isOpen && 'rotate-180')} />
            </Popover.Trigger>
          )}
        </section>
      </Popover.Anchor>
      <Popover.Portal container={mainLandmark()}>
        <Popover.Content
          id={listId}
          aria-label={t('list')}
          sideOffset={6}
          collisionPadding={8}
          className="border-line bg-card z-30 max-h-[min(24rem,var(--radix-popover-content-available-height))] w-(--radix-popover-trigger-width) overflow-y-auto rounded-xl border shadow-lg"
        >
          <ul className="divide-line divide-y">
            {[...needy, ...slow].map((alert) => (
              <AlertRow key={alert.id} alert={alert} locationId={locationId} onLook={() => setOpen(false)} />
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function AlertRow(props: { alert: AlertView; locationId: string; onLook: () => void }) {
  const t = useTranslations('banner')
  const format = useFormatter()
  const now = useServerNow()
  const sentence = useAlertSentence()
  const { alert } = props
  const at = new Date(alert.since)
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1 p-3.5">
      <div className="min-w-0 flex-1 basis-60">
        <p className={cn('font-semibold break-words', alert.level === 'red' ? 'text-bad' : 'text-wait')}>
          {t(alert.level, { name: alert.label ?? t('session') })}
        </p>
        <p className="mt-0.5 text-pretty">
          {sentence(alert)} {t('since', { when: format.relativeTime(at, { now: at > now ? at : now }) })}
        </p>
      </div>
      <LookLink alert={alert} locationId={props.locationId} onLook={props.onLook} />
    </li>
  )
}

function LookLink(props: { alert: AlertView; locationId: string; onLook?: () => void; className?: string }) {
  const t = useTranslations('banner')
  const { alert } = props
  if (!alert.sessionId) return null
  return (
    <Link
      href={`/embed/${encodeURIComponent(props.locationId)}#${alert.sessionId}`}
      aria-label={`${t('look')}: ${alert.label ?? t('session')}`}
      onClick={props.onLook}
      className={cn(
        'inline-flex min-h-8 shrink-0 items-center font-medium underline underline-offset-4',
        props.className,
      )}
    >
      {t('look')}
    </Link>
  )
}

/** What is wrong, in the reader's language, without the name it stands beside. */
function useAlertSentence(): (alert: AlertView) => string {
  const sentence = useStateSentence()
  const isEnglish = useLocale().startsWith('en')
  const t = useTranslations('banner')
  return ({ kind, text, status, reason, label }) => {
    if (kind === 'still_linked') return t('stillLinked')
    if (!isEnglish && status !== null) return sentence({ status, reason, detail: text })
    return label === null ? text : text.replace(/^.*?: /, '')
  }
}

const names = (alerts: AlertView[], unnamed: string) => alerts.map(({ label }) => label ?? unnamed).join(', ')
