import { sql } from 'drizzle-orm'
import type { LocationId } from '@/lib/ids'
import type { Queryable } from './client'

/** Wakes workers: the payload is a session's id, or `crm` for work any worker may do. A hint; workers poll as well. */
export const workChannel = 'trunkline_work'
/** Tells open pages what changed: the payload is a `Change` as JSON. A hint; pages read the state itself. */
export const changeChannel = 'trunkline_change'

export interface Change {
  locationId: LocationId
  type: 'session' | 'qr' | 'message' | 'sync'
  id: string
}

/** Sent when the transaction commits, and folded into one when it says the same twice. */
export async function notifyWork(tx: Queryable, whom: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${workChannel}, ${whom})`)
}

export async function notifyChange(tx: Queryable, change: Change): Promise<void> {
  await tx.execute(sql`select pg_notify(${changeChannel}, ${JSON.stringify(change)})`)
}
