/** How a sub-account stands with its trial and its payment. No I/O. */
import type { entitlements } from '@/db/schema/entitlements'
import type { Paid } from './entitlements'

const hourMs = 3_600_000
export const dayMs = 24 * hourMs

export const trialMs = 5 * dayMs
/** From the third day on people see that it is one. */
const bannerAfterMs = 2 * dayMs
/** Unpaid, a session hears what people write for so long, then it hangs up. */
export const hearsOnForMs = 72 * hourMs
/** Unpaid, a session is kept for so long, then it is unlinked and erased, if it was warned of by then. */
export const keptForMs = 30 * dayMs
/** How long before the erasure each warning is given. */
export const warningsBeforeMs = [7 * dayMs, dayMs] as const
/** How long before the end people are told of it. */
export const remindersBeforeMs = [2 * dayMs, dayMs] as const

export type EntitlementState = 'unstarted' | 'trial' | 'granted' | 'ended'
type Row = Pick<typeof entitlements.$inferSelect, 'trialStartedAt' | 'trialEndsAt' | 'trialBy'>

export interface Standing {
  state: EntitlementState
  trialStartedAt: Date | null
  trialEndsAt: Date | null
  trialBy: Row['trialBy']
  /** When what allows it now ends, or ended; null: not known, or never. */
  endsAt: Date | null
  /** What that is or was. */
  by: 'trial' | 'grant'
}

export function standingOf(row: Row | null, paid: Paid | null, now: Date): Standing {
  const trialStartedAt = row?.trialStartedAt ?? null
  const trialEndsAt = row?.trialEndsAt ?? null
  const trial = { trialStartedAt, trialEndsAt, trialBy: row?.trialBy ?? null }
  if (paid && (paid.until === null || paid.until > now))
    return { state: 'granted', ...trial, endsAt: paid.until, by: 'grant' }
  if (!trialEndsAt) return { state: 'unstarted', ...trial, endsAt: null, by: 'trial' }
  if (trialEndsAt > now) return { state: 'trial', ...trial, endsAt: trialEndsAt, by: 'trial' }
  return paid?.until && paid.until > trialEndsAt
    ? { state: 'ended', ...trial, endsAt: paid.until, by: 'grant' }
    : { state: 'ended', ...trial, endsAt: trialEndsAt, by: 'trial' }
}

/** Why the trial counts from before the first connection here; null: it does not, or it is not what allows or ends it now. */
export function becauseOf({ trialBy, by }: Pick<Standing, 'trialBy' | 'by'>): 'number' | 'sub_account' | null {
  return by === 'trial' && trialBy !== 'this' ? trialBy : null
}

/** What every page says; null while there is nothing to do. */
export function bannerOf(standing: Standing, now: Date): string | null {
  const { state, trialStartedAt, endsAt } = standing
  if (state === 'ended')
    return `Payment is needed: messages are not sent${becauseOf(standing) === 'number' ? ', because the number already had its trial in another sub-account' : ' any more'}. The links are kept, so paying needs no new scan.`
  if (state !== 'trial' || !trialStartedAt || !endsAt) return null
  if (now.getTime() < trialStartedAt.getTime() + bannerAfterMs) return null
  return `The trial ends ${remaining(endsAt, now)}. Afterwards messages are not sent until somebody pays.`
}

export function describeStanding(standing: Standing, now: Date): string {
  const { state, endsAt } = standing
  const because = {
    this: '',
    number:
      ' It counts from the day the number was first connected, in another sub-account: each number has one trial.',
    sub_account: ' It counts from the first connection, before the app was installed again.',
  }[becauseOf(standing) ?? 'this']
  switch (state) {
    case 'unstarted':
      return 'The trial of 5 days begins when the first number is connected.'
    case 'trial':
      return `The trial ends ${remaining(endsAt!, now)}.${because}`
    case 'granted':
      return endsAt ? `Paid for until ${endsAt.toISOString().slice(0, 10)}.` : 'Free of charge, without end.'
    case 'ended':
      return `Payment is needed since ${endsAt!.toISOString().slice(0, 10)}. The links are kept.${because}`
  }
}

function remaining(until: Date, now: Date): string {
  const hours = Math.ceil((until.getTime() - now.getTime()) / hourMs)
  if (hours <= 1) return 'within the hour'
  return hours < 48 ? `in ${hours} hours` : `in ${Math.floor(hours / 24)} days`
}
