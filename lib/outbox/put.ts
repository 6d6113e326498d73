/**
 * The outbox: durable deliveries in lanes. A delivery is put in the transaction that makes it necessary, claimed by one
 * statement, and settled in the transaction that records how it went.
 */
import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { workChannel } from '@/db/notify'
import type { DeliveryKind } from '@/db/schema/deliveries'
import { orderedId, type DeliveryId, type LocationId, type SessionId } from '@/lib/ids'

export interface NewDelivery {
  kind: DeliveryKind
  /** Says what it is about; an unfinished one of the same key makes this put do nothing. */
  key: string
  lane: string
  locationId: LocationId
  /** Set for what only the session's owner may do. */
  sessionId: SessionId | null
  subjectId: string
  /** Before others of its kind. */
  isUrgent?: boolean
}

/** Lower is served first when several are due: what people wrote before what machines report, and of that what failed first. */
const ranks: Record<DeliveryKind, number> = {
  route: 0,
  send: 1,
  push: 2,
  received: 2,
  complete: 2,
  status: 4,
  note: 4,
  assign: 4,
  label: 5,
  tag: 6,
  contacts: 7,
}

/**
 * Stores deliveries and wakes workers when the transaction commits. The lane's row is locked before the deliveries draw
 * their numbers, so numbers rise in commit order. A lane that waits out a retry is not woken by what queues behind it.
 * A finished delivery of the same key is opened again, as statuses need it.
 */
export async function putDeliveries(tx: Transaction, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return
  const rows = deliveries.map((delivery, index) => ({
    ord: index,
    id: orderedId<DeliveryId>(),
    key: delivery.key,
    kind: delivery.kind,
    lane_id: delivery.lane,
    location_id: delivery.locationId,
    session_id: delivery.sessionId,
    subject_id: delivery.subjectId,
    rank: ranks[delivery.kind] - (delivery.isUrgent ? 1 : 0),
  }))
  const woken = new Set(
    deliveries.map(({ sessionId, kind }) => (sessionId ? 'send' : kind === 'status' ? kind : 'crm')),
  )
  // The sort reads every lane, and so has locked it, before the first delivery draws its number.
  await tx.execute(sql`
    with given as (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as r(ord int, id uuid, key text, kind text, lane_id text,
        location_id text, session_id uuid, subject_id uuid, rank int)
    ),
    laned as (
      insert into lanes (id, location_id, session_id, rank, due_at)
      select distinct on (lane_id) lane_id, location_id, session_id, rank, now() from given order by lane_id, ord
      on conflict (id) do update
        set due_at = case when lanes.due_at = 'infinity' then excluded.due_at else lanes.due_at end,
          rank = least(lanes.rank, excluded.rank)
      returning id
    ),
    stored as (
      insert into deliveries (id, key, kind, lane_id, location_id, subject_id)
      select given.id, key, kind, lane_id, location_id, subject_id
      from given join laned on laned.id = given.lane_id order by ord
      on conflict (key) do update
        set state = 'ready', attempts = 0, failures = 0, unsettled = false, last_error = null, finished_at = null,
          created_at = now()
        where deliveries.state <> 'ready'
    )
    select pg_notify(${workChannel}, whom) from json_array_elements_text(${JSON.stringify([...woken])}::json) as whom`)
}
