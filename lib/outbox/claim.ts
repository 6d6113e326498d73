import { sql, type SQL } from 'drizzle-orm'
import type { Database, Queryable } from '@/db/client'
import type { DeliveryKind } from '@/db/schema/deliveries'
import type { DeliveryId, LocationId, SessionId } from '@/lib/ids'

export interface ClaimedDelivery {
  id: DeliveryId
  kind: DeliveryKind
  lane: string
  /** Which claim of its lane this is; what is reported under an earlier one is too late. */
  turn: number
  locationId: LocationId
  sessionId: SessionId | null
  subjectId: string
  /** This one included. */
  attempts: number
  /** How many attempts before this one counted against it. */
  failures: number
  /** The attempt before was never settled: nobody knows whether it reached the other bank. */
  inDoubt: boolean
  createdAt: Date
}

interface Row extends Record<string, unknown> {
  id: DeliveryId
  kind: DeliveryKind
  lane_id: string
  turn: string
  location_id: LocationId
  session_id: SessionId | null
  subject_id: string
  attempts: number
  failures: number
  in_doubt: boolean
  created_at: string
}

// Due times are kept in whole milliseconds, rounded up as often as down: what is due "now" may lie a little ahead.
const isDue = sql`l.due_at <= now() + interval '1 millisecond'`

/*
 * A claim is one statement. It picks lanes, not deliveries: `for update skip locked` gives each due lane to one claimer, and a
 * lane that is busy is not due, so a lane has one delivery in flight and its order holds across processes. The head is read
 * by the partial index on (lane, seq) of unfinished deliveries; a long backlog costs nothing.
 *
 * `seen` is the lane as this statement's snapshot has it. A lane that was claimed and settled by somebody else between the
 * snapshot and the lock has another turn and is passed over; without that, its row would look due while the snapshot still
 * shows the delivery that has just been done.
 *
 * While a lane is worked its due time is infinity, which is what `put` looks at: anything put meanwhile sets the due time, and
 * `settle` keeps it. That is how a delivery put during the settling statement is not forgotten, although that statement's
 * snapshot cannot see it: the lane's row is read again under its lock, the deliveries are not.
 */
const take = (due: SQL, hold: { owner: string; epoch: SQL; until: SQL }) => sql`
  with due as materialized (${due}),
  heads as materialized (
    select due.id as due_lane, ${hold.epoch} as due_epoch, head.* from due
    left join lateral (
      select d.* from deliveries d where d.lane_id = due.id and d.state = 'ready' order by d.seq limit 1
    ) head on true
  ),
  taken as (
    update lanes l set due_at = 'infinity', turn = l.turn + 1,
      busy_by = case when heads.id is null then null else ${hold.owner} end,
      busy_epoch = case when heads.id is null then null else heads.due_epoch end,
      busy_until = case when heads.id is null then null else ${hold.until} end
    from heads where l.id = heads.due_lane
    returning l.id, l.session_id, l.turn
  ),
  marked as (
    update deliveries d set attempts = d.attempts + 1, unsettled = true from heads where d.id = heads.id
    returning d.id
  )
  select heads.id, heads.kind, heads.lane_id, taken.turn, heads.location_id, taken.session_id, heads.subject_id,
    heads.attempts + 1 as attempts, heads.failures, heads.unsettled as in_doubt, heads.created_at
  from heads join taken on taken.id = heads.due_lane
  where heads.id is not null`

/** The head of each free, due lane of sessions this worker owns; `epochs` says under which lease. At most `limit`. */
export async function claimForSessions(
  db: Database,
  owner: string,
  sessions: readonly { sessionId: SessionId; epoch: number; limit: number }[],
): Promise<ClaimedDelivery[]> {
  if (sessions.length === 0) return []
  const rows = await db.execute<Row>(
    take(
      sql`
      select l.id, mine.epoch
      from json_to_recordset(${JSON.stringify(sessions)}::json) as mine("sessionId" uuid, epoch bigint, "limit" int)
      join leases on leases.session_id = mine."sessionId" and leases.epoch = mine.epoch
      cross join lateral (
        select l.id from lanes l join lanes seen on seen.id = l.id and seen.turn = l.turn
        where l.session_id = mine."sessionId" and ${isDue} and l.busy_by is null
        order by l.due_at limit mine."limit" for update of l skip locked
      ) l`,
      { owner, epoch: sql`due.epoch`, until: sql`null::timestamptz` },
    ),
  )
  return rows.map(fromRow)
}

/** The heads of free, due lanes any worker may serve, most urgent first. */
export async function claimForAnyone(
  db: Queryable,
  owner: string,
  options: { limit: number; holdMs: number; except: readonly LocationId[] },
): Promise<ClaimedDelivery[]> {
  const rows = await db.execute<Row>(
    take(
      sql`
      select l.id from lanes l join lanes seen on seen.id = l.id and seen.turn = l.turn
      where l.session_id is null and l.busy_by is null and ${isDue} and l.due_at < 'infinity'
        and l.location_id not in (select json_array_elements_text(${JSON.stringify(options.except)}::json))
      order by l.rank, l.due_at limit ${options.limit} for update of l skip locked`,
      { owner, epoch: sql`null::bigint`, until: sql`now() + ${options.holdMs}::int * interval '1 millisecond'` },
    ),
  )
  return rows.map(fromRow)
}

/**
 * A living worker keeps what it works, so that a dead one's lanes can be free soon. Answers the claims that still hold. What it
 * claimed without learning of it, or could not settle, is not among them and is free when its time is over.
 */
export async function holdLanesOn(
  db: Queryable,
  owner: string,
  claims: readonly Claim[],
  holdMs: number,
): Promise<Set<string>> {
  const working = claims.map(({ lane, turn }) => ({ lane, turn }))
  const rows = await db.execute<{ id: string; turn: string }>(sql`
    update lanes l set busy_until = now() + ${holdMs}::int * interval '1 millisecond'
    from json_to_recordset(${JSON.stringify(working)}::json) as working(lane text, turn bigint)
    where l.id = working.lane and l.turn = working.turn and l.busy_by = ${owner} and l.busy_until >= now()
    returning l.id, l.turn`)
  return new Set(rows.map((row) => claimName({ lane: row.id, turn: Number(row.turn) })))
}

type Claim = Pick<ClaimedDelivery, 'lane' | 'turn'>

export const claimName = (claim: Claim) => `${claim.lane}/${claim.turn}`

/** Lanes whose worker has held them past its time are free again, their head in doubt. */
export async function freeAbandonedLanes(db: Queryable): Promise<void> {
  await db.execute(sql`
    update lanes set busy_by = null, busy_until = null, due_at = now() where busy_until < now()`)
}

/** What an owner that stops could not finish: free at once, in doubt, instead of when its time is over. */
export async function giveLanesBack(db: Database, owner: string): Promise<void> {
  await db.execute(sql`
    update lanes set busy_by = null, busy_until = null, due_at = now() where busy_by = ${owner} and busy_until is not null`)
}

/** What an owner claimed without learning of it, because the answer was lost, is due again; `working` are the lanes it works. */
export async function freeLostClaims(
  db: Database,
  owner: string,
  held: readonly { sessionId: SessionId; epoch: number }[],
  working: readonly string[],
): Promise<void> {
  await db.execute(sql`
    update lanes l set busy_by = null, busy_epoch = null, due_at = now()
    from json_to_recordset(${JSON.stringify(held)}::json) as h("sessionId" uuid, epoch bigint)
    where l.session_id = h."sessionId" and l.busy_by = ${owner} and l.busy_epoch = h.epoch
      and l.id not in (select json_array_elements_text(${JSON.stringify(working)}::json))`)
}

/** After a takeover nobody works the session's lanes any more; what was claimed under older epochs is due at once. */
export async function reclaimSession(db: Database, sessionId: SessionId, epoch: number): Promise<void> {
  await db.execute(sql`
    update lanes set busy_by = null, busy_epoch = null, due_at = now()
    where session_id = ${sessionId} and busy_by is not null and busy_epoch < ${epoch}`)
}

function fromRow(row: Row): ClaimedDelivery {
  return {
    id: row.id,
    kind: row.kind,
    lane: row.lane_id,
    turn: Number(row.turn),
    locationId: row.location_id,
    sessionId: row.session_id,
    subjectId: row.subject_id,
    attempts: Number(row.attempts),
    failures: Number(row.failures),
    inDoubt: row.in_doubt,
    createdAt: new Date(row.created_at),
  }
}
