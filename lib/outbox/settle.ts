import { sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import type { ClaimedDelivery } from './claim'

export type Settlement =
  | { outcome: 'done' }
  /**
   * Known not to have had effect; again after `afterMs`, with everything behind it. `counts`: against the delivery. `waits`: not
   * even tried, so it was no attempt.
   */
  | { outcome: 'retry'; afterMs: number; why: string; counts?: boolean; waits?: boolean }
  /** Nobody knows; again after `afterMs`, in doubt. */
  | { outcome: 'unknown'; afterMs: number; why: string; counts?: boolean }
  | { outcome: 'given_up'; why: string }

export interface Settled {
  delivery: ClaimedDelivery
  settlement: Settlement
}

/**
 * Records how deliveries ended and frees their lanes. A lane that has been claimed again since is left alone, and so is its
 * delivery; a delivery given up meanwhile stays so. Call it in the transaction that records the effect. Lanes are locked before deliveries, as `put` does.
 */
export async function settleDeliveries(tx: Queryable, owner: string, settled: readonly Settled[]): Promise<void> {
  if (settled.length === 0) return
  const rows = settled.map(({ delivery, settlement }) => ({
    id: delivery.id,
    lane: delivery.lane,
    turn: delivery.turn,
    state: settlement.outcome === 'done' || settlement.outcome === 'given_up' ? settlement.outcome : 'ready',
    unsettled: settlement.outcome === 'unknown',
    // By the database's clock, which decides what is due: a worker's may be minutes off.
    after: 'afterMs' in settlement ? settlement.afterMs : null,
    failed: 'counts' in settlement && settlement.counts ? 1 : 0,
    waited: 'waits' in settlement && settlement.waits ? 1 : 0,
    why: 'why' in settlement ? storable(settlement.why) : null,
  }))
  await tx.execute(sql`
    with ended as materialized (
      select e.* from json_to_recordset(${JSON.stringify(rows)}::json)
        as e(id uuid, lane text, turn bigint, state text, unsettled boolean, after float8, failed int,
          waited int, why text)
      join lanes on lanes.id = e.lane and lanes.busy_by = ${owner} and lanes.turn = e.turn
      order by lanes.id for update of lanes
    ),
    recorded as (
      update deliveries d set state = e.state, unsettled = e.unsettled, failures = d.failures + e.failed,
        attempts = d.attempts - e.waited, last_error = coalesce(e.why, d.last_error),
        finished_at = case when e.state = 'ready' then null else now() end
      from ended e where d.id = e.id and d.state = 'ready'
      returning d.id
    )
    update lanes l set busy_by = null, busy_epoch = null, busy_until = null,
      due_at = case
        when e.after is not null then now() + e.after * interval '1 millisecond'
        when exists (select 1 from deliveries d where d.lane_id = l.id and d.state = 'ready' and d.id <> e.id) then now()
        else l.due_at
      end
    from ended e where l.id = e.lane`)
}

/** Cut, and without what PostgreSQL refuses in JSON: half of a surrogate pair, NUL. */
const storable = (why: string) => why.slice(0, 300).toWellFormed().replaceAll('\0', '')
