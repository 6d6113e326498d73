/** A worker's time-limited right to a session, by the database's clock. */
import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import type { ChannelName } from '@/lib/channel/kinds'
import type { LocationId, SessionId } from '@/lib/ids'

export interface Taken extends Record<string, unknown> {
  id: SessionId
  location_id: LocationId
  channel: ChannelName
  epoch: number
  phone: string | null
}

/** Sessions that need somebody: to be connected, or to have their device unlinked or their row erased. */
export const needsOwner = sql`(
  (s.wanted = 'connected' and s.hung_up_at is null and (case s.status when 'suspended' then s.under_status else s.status end)
    in ('starting', 'awaiting_link', 'linking', 'connected', 'reconnecting'))
  or (s.wanted = 'unlinked' and s.is_linked)
  or s.wanted = 'removed')`

/**
 * Takes leases nobody holds, at most `limit`. Each has one winner: the row is locked, skipped by others, and its epoch moves,
 * which refuses every later write of an earlier owner.
 */
export async function takeLeases(
  db: Database,
  owner: string,
  options: { leaseMs: number; limit: number },
): Promise<Taken[]> {
  if (options.limit <= 0) return []
  return await db.execute<Taken>(sql`
    with free as (
      select l.session_id from leases l join sessions s on s.id = l.session_id
      where l.lease_until < now() and ${needsOwner}
      order by l.lease_until limit ${options.limit} for update of l skip locked
    )
    update leases l set owner = ${owner}, epoch = l.epoch + 1,
      lease_until = now() + ${options.leaseMs}::int * interval '1 millisecond'
    from free join sessions s on s.id = free.session_id
    where l.session_id = free.session_id
    returning s.id, s.location_id, s.channel, l.epoch::int as epoch, s.phone`)
}

/** Renews every lease held; answers the sessions that are still this worker's. */
export async function renewLeases(
  db: Database,
  owner: string,
  held: readonly { sessionId: SessionId; epoch: number }[],
  leaseMs: number,
): Promise<Set<SessionId>> {
  if (held.length === 0) return new Set()
  const rows = await db.execute<{ session_id: SessionId }>(sql`
    update leases l set lease_until = now() + ${leaseMs}::int * interval '1 millisecond'
    from json_to_recordset(${JSON.stringify(held)}::json) as h("sessionId" uuid, epoch bigint)
    where l.session_id = h."sessionId" and l.epoch = h.epoch and l.owner = ${owner}
    returning l.session_id`)
  return new Set(rows.map((row) => row.session_id))
}

/** Gives a lease back so that another worker need not wait for its end. */
export async function giveLeaseBack(
  db: Database,
  owner: string,
  held: { sessionId: SessionId; epoch: number },
): Promise<void> {
  await db.execute(sql`
    update leases set lease_until = '-infinity', owner = null
    where session_id = ${held.sessionId} and owner = ${owner} and epoch = ${held.epoch}`)
}
