/** What is due in a sub-account by its trial, its payment and its allowance. No I/O. */
import type { entitlements } from '@/db/schema/entitlements'
import type { LocationId, SessionId } from '@/lib/ids'
import type { SessionRow } from '../reach'
import type { Paid } from './entitlements'
import {
  dayMs,
  hearsOnForMs,
  keptForMs,
  remindersBeforeMs,
  standingOf,
  warningsBeforeMs,
  type Standing,
} from './standing'

export type EntitlementRow = typeof entitlements.$inferSelect
type PlannedSession = Pick<
  SessionRow,
  'id' | 'locationId' | 'phone' | 'priority' | 'status' | 'suspendedAt' | 'hungUpAt' | 'isLinked' | 'connectedAt'
>

export interface Facts {
  locationId: LocationId
  row: EntitlementRow | null
  paid: Paid | null
  maxSessions: number
  /** Not the removed ones. */
  sessions: readonly PlannedSession[]
}

export type Telling = 'ends' | 'ended' | 'erasure'

export interface Plan {
  standing: Standing
  /** A number is connected though no trial has begun: whoever paid until now has stopped. */
  beginTrial: boolean
  suspend: SessionId[]
  hangUp: SessionId[]
  resume: SessionId[]
  erase: SessionId[]
  /** Null: unchanged. */
  change: Partial<Omit<EntitlementRow, 'locationId'>> | null
  tell: { key: string; what: Telling; at: Date } | null
  /** What suspended sessions count from. */
  suspendedSince: Date
}

export function planSettlement(facts: Facts, now: Date): Plan {
  const { row, paid } = facts
  const standing = standingOf(row, paid, now)
  const endedAt = endOf(standing, row)
  const byPriority = [...facts.sessions].sort((a, b) => a.priority - b.priority)
  const allowed = new Set(endedAt ? [] : byPriority.slice(0, facts.maxSessions).map(({ id }) => id))
  const isSuspended = (session: PlannedSession) => session.status === 'suspended'
  const ids = (sessions: PlannedSession[]) => sessions.map(({ id }) => id)
  const change: Plan['change'] = {}

  if (endedAt?.getTime() !== row?.endedAt?.getTime()) Object.assign(change, { endedAt, warnings: 0, warnedAt: null })

  const given = endedAt ? warningsSince(row, endedAt) : 0
  const tell = facts.sessions.length > 0 ? telling(standing, row, endedAt, now) : null
  const told = tell && `${tell.what} ${tell.nth} ${tell.of.toISOString()}`
  const isNews = told !== null && told !== row?.told && (tell?.what !== 'erasure' || tell.nth > given)
  if (isNews) change.told = told
  if (isNews && tell?.what === 'erasure') Object.assign(change, { warnings: tell.nth, warnedAt: now })

  return {
    standing,
    beginTrial:
      standing.state === 'unstarted' &&
      byPriority.some((session) => session.isLinked && session.connectedAt !== null && !isSuspended(session)),
    suspend: ids(byPriority.filter((session) => !allowed.has(session.id) && !isSuspended(session))),
    resume: ids(byPriority.filter((session) => allowed.has(session.id) && isSuspended(session))),
    hangUp: ids(
      byPriority.filter(
        (session) =>
          !allowed.has(session.id) &&
          session.hungUpAt === null &&
          session.suspendedAt !== null &&
          now.getTime() >= session.suspendedAt.getTime() + hearsOnForMs,
      ),
    ),
    erase: endedAt && isToBeErased(row, endedAt, now) ? ids(byPriority) : [],
    change: Object.keys(change).length > 0 ? change : null,
    tell: isNews && tell ? { key: told, what: tell.what, at: tell.at } : null,
    suspendedSince: endedAt ?? now,
  }
}

/** What ended before it was known here ended when it became known; null: it has not. */
function endOf({ state, endsAt }: Standing, row: EntitlementRow | null): Date | null {
  if (state !== 'ended') return null
  return row?.endedAt && row.endedAt > endsAt! ? row.endedAt : endsAt
}

/** What follows an end nobody pays for: until when sessions hear what people write, and until when they are there at all. */
export function afterEnd(
  standing: Standing,
  row: EntitlementRow | null,
  now: Date,
): { hearsUntil: Date; keptUntil: Date } | null {
  const endedAt = endOf(standing, row)
  if (!endedAt) return null
  const given = warningsSince(row, endedAt)
  const keptUntil = given > 0 ? eraseAt(endedAt, given, row!.warnedAt!) : eraseAt(endedAt, 1, now)
  return { hearsUntil: new Date(endedAt.getTime() + hearsOnForMs), keptUntil }
}

/** A warning that comes late moves the erasure: nobody is erased within a day of one, or after fewer. */
function eraseAt(endedAt: Date, warnings: number, warnedAt: Date): Date {
  const earliestMs = warnedAt.getTime() + (warningsBeforeMs.length + 1 - warnings) * dayMs
  return new Date(Math.max(endedAt.getTime() + keptForMs, earliestMs))
}

export function isNothing(plan: Plan): boolean {
  const lists = [plan.suspend, plan.resume, plan.hangUp, plan.erase]
  return !plan.beginTrial && plan.change === null && lists.every((list) => list.length === 0)
}

/** The step people should know of now; earlier ones that were missed are not told any more. */
function telling(standing: Standing, row: EntitlementRow | null, endedAt: Date | null, now: Date): Step | null {
  if (endedAt) {
    const eraseAtMs = endedAt.getTime() + keptForMs
    const given = warningsSince(row, endedAt)
    const due = warningsBeforeMs.filter((beforeMs) => eraseAtMs - now.getTime() <= beforeMs).length
    const mayWarn = given === 0 || isDayPast(row!.warnedAt, now)
    const nth = given < due && mayWarn ? given + 1 : given
    if (nth === 0) return { what: 'ended', nth, of: endedAt, at: endedAt }
    return { what: 'erasure', nth, of: endedAt, at: eraseAt(endedAt, nth, now) }
  }
  const { endsAt } = standing
  if (!endsAt) return null
  const nth = remindersBeforeMs.filter((beforeMs) => endsAt.getTime() - now.getTime() <= beforeMs).length
  return nth > 0 ? { what: 'ends', nth, of: endsAt, at: endsAt } : null
}

interface Step {
  what: Telling
  nth: number
  /** The end it is about. */
  of: Date
  at: Date
}

const warningsSince = (row: EntitlementRow | null, endedAt: Date): number =>
  row?.endedAt?.getTime() === endedAt.getTime() ? row.warnings : 0

function isToBeErased(row: EntitlementRow | null, endedAt: Date, now: Date): boolean {
  return (
    warningsSince(row, endedAt) >= warningsBeforeMs.length &&
    isDayPast(row!.warnedAt, now) &&
    now.getTime() >= endedAt.getTime() + keptForMs
  )
}

const isDayPast = (at: Date | null, now: Date) => at !== null && now.getTime() - at.getTime() >= dayMs
