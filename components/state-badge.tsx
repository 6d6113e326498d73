'use client'

import { useFormatter, useTranslations } from 'use-intl'
import type { SessionView } from '@/lib/bridge/session/session'
import { cn } from './ui/cn'

type Tone = 'good' | 'wait' | 'bad' | 'still'

const tones: Record<SessionView['status'], Tone> = {
  created: 'still',
  starting: 'wait',
  awaiting_link: 'wait',
  linking: 'wait',
  connected: 'good',
  reconnecting: 'wait',
  stopped: 'still',
  logged_out: 'bad',
  banned: 'bad',
  failed: 'bad',
  suspended: 'bad',
}

const looks: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  wait: 'bg-wait-soft text-wait',
  bad: 'bg-bad-soft text-bad',
  still: 'bg-still-soft text-still',
}

export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span
      className={cn(
        'inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-xs font-medium whitespace-nowrap',
        looks[tone],
      )}
    >
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {children}
    </span>
  )
}

export function StateBadge({ status }: { status: SessionView['status'] }) {
  const t = useTranslations('status')
  return <Badge tone={tones[status]}>{t(`${status}.name`)}</Badge>
}

const quietReasons: readonly SessionView['status'][] = ['starting', 'awaiting_link', 'linking', 'connected']

/** The sentence under the badge, in the reader's language; the API's own where it knows a reason we do not. */
type Stated = Pick<SessionView, 'status' | 'reason' | 'detail'> &
  Partial<Pick<SessionView, 'duplicateOf' | 'nextRetryAt'>>

export function useStateSentence(): (session: Stated) => string {
  const t = useTranslations()
  const format = useFormatter()
  return ({ status, reason, detail, duplicateOf, nextRetryAt }) => {
    if (reason === null || quietReasons.includes(status)) return t(`status.${status}.detail`)
    if (reason === 'duplicate_number' && duplicateOf) {
      const { label, place } = duplicateOf
      return place === null
        ? t('reasonNamed.duplicate_here', { label })
        : t('reasonNamed.duplicate_elsewhere', { label, place })
    }
    if (reason === 'temporary_ban' && nextRetryAt) {
      const when = format.dateTime(new Date(nextRetryAt), { dateStyle: 'medium', timeStyle: 'short' })
      return t('reasonNamed.temporary_ban', { when })
    }
    return t.has(`reason.${reason}`) ? t(`reason.${reason}`) : detail
  }
}
