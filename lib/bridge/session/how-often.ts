/** What a person may ask for again and again, but not as fast as a program: counted by what the audit remembers. */
import { and, desc, eq, gt, inArray } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { auditEntries } from '@/db/schema/sub-accounts'
import { BridgeError } from '@/lib/errors'
import type { LocationId, SessionId } from '@/lib/ids'
import type { SessionRow } from '../reach'

export interface Limit {
  count: number
  withinMs: number
}

/** Milliseconds until one more is fine; 0 or less when it is now. */
export async function msUntilAllowed(
  tx: Transaction,
  asked: { locationId: LocationId; sessionId?: SessionId; actions: string[]; now: Date },
  limit: Limit,
): Promise<number> {
  const [oldestThatCounts] = await tx
    .select({ at: auditEntries.at })
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.locationId, asked.locationId),
        gt(auditEntries.at, new Date(asked.now.getTime() - limit.withinMs)),
        inArray(auditEntries.action, asked.actions),
        asked.sessionId === undefined ? undefined : eq(auditEntries.subject, asked.sessionId),
      ),
    )
    .orderBy(desc(auditEntries.at))
    .offset(limit.count - 1)
    .limit(1)
  return oldestThatCounts ? oldestThatCounts.at.getTime() + limit.withinMs - asked.now.getTime() : 0
}

/** Each asks WhatsApp for a new device: whoever does that endlessly gets numbers and the address they come from blocked. */
const qrLimit: Limit = { count: 5, withinMs: 600_000 }

/** Throws `too_many_requests` when this session was shown codes to scan too often of late. */
export async function keepQrsRare(tx: Transaction, session: SessionRow, now: Date): Promise<void> {
  const actions = ['session.created', 'session.link_asked', 'session.started']
  const asked = { locationId: session.locationId, sessionId: session.id, actions, now }
  refuseFor(await msUntilAllowed(tx, asked, qrLimit), 'Too many QR codes were asked for.')
}

/** The same for a sub-account that adds and deletes sessions: so many for each one it may have. */
export async function keepNewSessionsRare(
  tx: Transaction,
  subAccount: { id: LocationId; maxSessions: number },
  now: Date,
): Promise<void> {
  const asked = { locationId: subAccount.id, actions: ['session.created'], now }
  const limit = { ...qrLimit, count: qrLimit.count * subAccount.maxSessions }
  refuseFor(await msUntilAllowed(tx, asked, limit), 'Too many sessions were added.')
}

function refuseFor(waitMs: number, why: string): void {
  if (waitMs <= 0) return
  const seconds = Math.ceil(waitMs / 1000)
  throw new BridgeError('too_many_requests', `${why} Try again in ${inWords(seconds)}.`, { retryAfterSeconds: seconds })
}

export function inWords(seconds: number): string {
  return seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`
}
