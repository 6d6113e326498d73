import { sql } from 'drizzle-orm'
import type { LocationId, SessionId } from '@/lib/ids'
import type { Queryable } from './client'

/**
 * Wakes workers: the payload is `send` for deliveries only the owner of a session may do, `crm` for those any worker may do and
 * `status` for those of them that are in no hurry, or the id of a session people want something of. A hint; workers poll as well.
 */
export const workChannel = 'trunkline_work'
/** Has a job run at once instead of at its next time: the payload is its name. A hint; its time comes anyway. */
export const jobChannel = 'trunkline_jobs'
/** Tells open pages what changed: the payload is a `Change` as JSON. A hint; pages read the state itself. */
export const changeChannel = 'trunkline_change'

export interface Change {
  locationId: LocationId
  type: 'session' | 'qr' | 'message' | 'sync' | 'alert' | 'entitlement'
  id: string
}

/** Sent when the transaction commits, and folded into one when it says the same twice. */
export async function notifyWork(tx: Queryable, sessionId: SessionId): Promise<void> {
  await tx.execute(sql`select pg_notify(${workChannel}, ${sessionId})`)
}

export async function notifyJob(
  tx: Queryable,
  name: 'alerts' | 'entitlements' | 'mails' | 'recover-outbound',
): Promise<void> {
  await tx.execute(sql`select pg_notify(${jobChannel}, ${name})`)
}

export const notifyChange = (tx: Queryable, change: Change): Promise<void> => notifyChanges(tx, [change])

export async function notifyChanges(tx: Queryable, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return
  const said = changes.map((change) => JSON.stringify(change))
  await tx.execute(sql`
    select pg_notify(${changeChannel}, said) from json_array_elements_text(${JSON.stringify(said)}::json) as said`)
}
