/**
 * The outbox: durable deliveries in lanes. A delivery is put in the transaction that makes it necessary, claimed by one
 * statement, and settled in the transaction that records how it went.
 */
import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyWork } from '@/db/notify'
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
}

/** Lower is served first when several are due: what people wrote before what machines report. */
const ranks: Record<DeliveryKind, number> = { route: 0, send: 1, push: 2, status: 3 }

/**
 * Stores deliveries and wakes workers when the transaction commits. The lane's row is locked before the deliveries draw
 * their numbers, so numbers rise in commit order. A lane that waits out a retry is not woken by what queues behind it.
 * A finished delivery of the same key is opened again, as statuses need it.
 */
export async function putDeliveries(tx: Transaction, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return
  const lanes = new Map<string, NewDelivery>()
  for (const delivery of deliveries) if (!lanes.has(delivery.lane)) lanes.set(delivery.lane, delivery)
  const laneRows = [...lanes.values()]
    .sort((a, b) => (a.lane < b.lane ? -1 : 1))
    .map(({ lane, locationId, sessionId, kind }) => ({
      id: lane,
      location_id: locationId,
      session_id: sessionId,
      rank: ranks[kind],
    }))
  const lanesFirst = tx.execute(sql`
    insert into lanes (id, location_id, session_id, rank, due_at)
    select id, location_id, session_id, rank, now()
    from json_to_recordset(${JSON.stringify(laneRows)}::json)
      as r(id text, location_id text, session_id uuid, rank int)
    on conflict (id) do update
      set due_at = case when lanes.due_at = 'infinity' then excluded.due_at else lanes.due_at end`)
  const rows = deliveries.map((delivery) => ({
    id: orderedId<DeliveryId>(),
    key: delivery.key,
    kind: delivery.kind,
    lane_id: delivery.lane,
    location_id: delivery.locationId,
    subject_id: delivery.subjectId,
  }))
  const thenDeliveries = tx.execute(sql`
    insert into deliveries (id, key, kind, lane_id, location_id, subject_id)
    select id, key, kind, lane_id, location_id, subject_id
    from json_to_recordset(${JSON.stringify(rows)}::json)
      as r(id uuid, key text, kind text, lane_id text, location_id text, subject_id uuid)
    on conflict (key) do update
      set state = 'ready', attempts = 0, unsettled = false, last_error = null, finished_at = null
      where deliveries.state <> 'ready'`)
  const woken = new Set(deliveries.map((delivery) => delivery.sessionId ?? 'crm'))
  // One connection runs them in the order given; asked for together, they cost one round trip.
  await Promise.all([lanesFirst, thenDeliveries, ...[...woken].map((whom) => notifyWork(tx, whom))])
}
