/** When a session's trouble is somebody's business. No I/O. */
import type { AlertLevel, alerts } from '@/db/schema/entitlements'
import type { SessionStatus } from '@/db/schema/sessions'
import type { SessionRow } from '../reach'

/** What comes back by itself within this time concerns nobody. */
export const patienceMs = 5 * 60_000
/** It is told of when it is raised and, while it lasts, so long after that. */
export const repeatsAfterMs = [3_600_000, 24 * 3_600_000] as const

export type AlertRow = typeof alerts.$inferSelect
type Judged = Pick<SessionRow, 'status' | 'reason' | 'since' | 'wanted'>

/** `calm`: somebody wants it as it is. */
export type Condition = 'well' | 'calm' | AlertLevel | 'unchanged'

const conditions: Record<SessionStatus, Condition> = {
  connected: 'well',
  created: 'calm',
  stopped: 'calm',
  // Told of as an end of the trial or the payment.
  suspended: 'calm',
  starting: 'amber',
  awaiting_link: 'amber',
  linking: 'amber',
  reconnecting: 'amber',
  logged_out: 'red',
  banned: 'red',
  failed: 'red',
}

function conditionOf({ status, reason, wanted }: Judged): Condition {
  if (wanted === 'removed' || wanted === 'unlinked' || reason === 'user_logout') return 'calm'
  // Nobody scanned what a person had asked for: not news, and not the end of what was wrong before.
  if (reason === 'pairing_timeout') return 'unchanged'
  return conditions[status]
}

export type Verdict =
  | { do: 'nothing' }
  | { do: 'watch'; since: Date; dueAt: Date }
  | { do: 'forget' }
  | { do: 'raise'; level: AlertLevel; since: Date; tell: true; told: number; dueAt: Date | null }
  | { do: 'change'; level: AlertLevel; tell: boolean; told: number; dueAt: Date | null }
  | { do: 'resolve'; tellBack: boolean }

export function judgeAlert(session: Judged, open: AlertRow | null, now: Date): Verdict {
  const condition = conditionOf(session)
  const first = { told: 1, dueAt: after(now, repeatsAfterMs[0]) }
  if (condition === 'unchanged' && !open) return { do: 'nothing' }
  if (condition === 'well' || condition === 'calm') {
    if (!open) return { do: 'nothing' }
    return open.raisedAt === null ? { do: 'forget' } : { do: 'resolve', tellBack: condition === 'well' }
  }
  if (!open) {
    if (condition === 'red') return { do: 'raise', level: 'red', since: session.since, tell: true, ...first }
    const { since } = session
    const dueAt = after(since, patienceMs)
    // Seen for the first time although it has lasted: no worker ran, or none looked in time.
    return dueAt <= now ? { do: 'raise', level: 'amber', since, tell: true, ...first } : { do: 'watch', since, dueAt }
  }

  const level = condition === 'unchanged' ? open.level : (condition as AlertLevel)
  if (open.raisedAt === null) {
    if (condition === 'unchanged') return { do: 'forget' }
    if (condition === 'red') return { do: 'raise', level, since: session.since, tell: true, ...first }
    const isDue = open.dueAt !== null && open.dueAt <= now
    return isDue ? { do: 'raise', level: 'amber', since: open.since, tell: true, ...first } : { do: 'nothing' }
  }
  // What was slow and is now broken is news.
  if (level === 'red' && open.level === 'amber') return { do: 'change', level, tell: true, ...first }
  if (open.dueAt !== null && open.dueAt <= now) {
    const next = repeatsAfterMs[open.told]
    return {
      ...{ do: 'change', level: open.level, tell: true, told: open.told + 1 },
      dueAt: next === undefined ? null : after(open.raisedAt, next),
    }
  }
  const isAsShown = open.status === session.status && open.reason === session.reason
  // Somebody is at it: still the same trouble, at the level it was told of.
  return isAsShown
    ? { do: 'nothing' }
    : { do: 'change', level: open.level, tell: false, told: open.told, dueAt: open.dueAt }
}

const after = (at: Date, ms: number) => new Date(at.getTime() + ms)
