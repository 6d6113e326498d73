import { sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { workChannel } from '@/db/notify'
import type { LocationId } from '@/lib/ids'

/**
 * The CRM takes a sub-account's deliveries again: lanes any worker may serve that wait out a refusal are due at once. They are
 * locked first, in order, so that one being settled right now is seen as it is afterwards.
 */
export async function wakeLanes(tx: Queryable, locationId: LocationId): Promise<void> {
  await tx.execute(sql`
    select 1 from lanes where location_id = ${locationId} and session_id is null
      and (busy_by is not null or (due_at > now() and due_at < 'infinity')) order by id for update`)
  await tx.execute(sql`
    update lanes set due_at = now()
    where location_id = ${locationId} and session_id is null and busy_by is null and due_at < 'infinity' and due_at > now()`)
  await tx.execute(sql`select pg_notify(${workChannel}, 'crm')`)
}

/** The same for one lane, after its delivery was settled in this transaction and if the CRM takes them again. */
export async function wakeLaneIfBack(tx: Queryable, lane: string): Promise<void> {
  await tx.execute(sql`
    update lanes set due_at = now() + interval '1 second' from sub_accounts
    where lanes.id = ${lane} and lanes.busy_by is null and lanes.due_at < 'infinity'
      and sub_accounts.id = lanes.location_id and sub_accounts.status = 'active'`)
}
