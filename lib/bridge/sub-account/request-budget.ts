import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { createGroup } from '@/db/group-commit'
import type { Clock } from '@/lib/clock'
import { CrmError, type RequestBudget } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'

/** Whoever would wait longer is told to come back, so that a backlog keeps no lane busy. */
const longestWaitMs = 10_000
/** Of what the CRM allows we take so much. */
const share = 0.9
/**
 * The CRM documents 100 requests in any 10 seconds per sub-account, and 200 000 a day. One request each 112 ms is 89 of them; a
 * burst of six leaves room for requests that reach the CRM later than they left.
 */
export const documented = paceOf(100, 10_000)
const perDay = 200_000 * share

/** How long a CRM that fails is left alone, at first and at most. */
export interface Rest {
  minMs: number
  maxMs: number
}
const defaultRest: Rest = { minMs: 1_000, maxMs: 300_000 }

/** When the CRM's day begins anew is documented nowhere: where an answer does not say, one is asked each hour. */
const hourMs = 3_600_000

/** Of one sub-account in one statement: what is promised ahead goes past `longestWaitMs` by less than this many steps. */
const atOnce = 6

/**
 * A generic cell rate in one row per sub-account, shared by all processes: one statement takes the next free moments of all
 * who ask at that time. It goes by the database's clock, read after the row's lock is had, and every process then waits by
 * its own.
 */
export function createRequestBudget(
  db: Database,
  clock: Clock,
  fixedEveryMs: number | null = null,
  rest: Rest = defaultRest,
): RequestBudget {
  const usual = fixedEveryMs === null ? documented : { everyMs: fixedEveryMs, burstMs: 5 * fixedEveryMs }
  const every = sql`coalesce(budget.every_ms, ${usual.everyMs}::int) * interval '1 millisecond'`
  const burst = sql`coalesce(budget.burst_ms, ${usual.burstMs}::int) * interval '1 millisecond'`
  /** What this process wrote of each, so that it is written when it changes. */
  const written = new Map<LocationId, string>()

  /** How long those of each sub-account have to wait; a sub-account that is not among them has no moment left. */
  async function takeMoments(asked: ReadonlyMap<LocationId, number>): Promise<Map<LocationId, Moment[]>> {
    const rows = [...asked].map(([location_id, count]) => ({ location_id, count }))
    const taken = await db.execute<{ location_id: LocationId; wait: number; every: number; is_failing: boolean }>(sql`
      with asked as materialized (
        select * from json_to_recordset(${JSON.stringify(rows)}::json) as r(location_id text, count int)
      )
      insert into crm_budgets as budget (location_id, spent_until, day, day_count)
      select location_id, clock_timestamp() - ${ms(usual.burstMs)} + count * ${ms(usual.everyMs)}, ${today}, count
      from asked order by location_id
      on conflict (location_id) do update
        set spent_until = greatest(budget.spent_until, clock_timestamp() - ${burst}) + excluded.day_count * ${every},
          day = excluded.day,
          day_count = excluded.day_count + case when budget.day = excluded.day then budget.day_count else 0 end
        where budget.spent_until <= clock_timestamp() + ${ms(longestWaitMs)}
          and (budget.day is distinct from excluded.day
            or budget.day_count + excluded.day_count <= coalesce(budget.per_day, ${perDay}))
      returning location_id, extract(epoch from budget.spent_until - clock_timestamp())::float8 * 1000 as wait,
        coalesce(budget.every_ms, ${usual.everyMs}::int) as every, budget.failing_since is not null as is_failing`)
    return new Map(
      taken.map(({ location_id, wait, every: everyMs, is_failing: isFailing }) => {
        const count = asked.get(location_id)!
        return [
          location_id,
          Array.from({ length: count }, (_, n) => ({ waitMs: wait - (count - n) * everyMs, isFailing })),
        ]
      }),
    )
  }

  const take = createGroup<LocationId, Moment>(async (locations) => {
    const waits = new Map<LocationId, (Moment | CrmError)[]>()
    const left = new Map<LocationId, number>()
    for (const id of locations) left.set(id, (left.get(id) ?? 0) + 1)
    while (left.size > 0) {
      const asked = new Map([...left].map(([id, count]) => [id, Math.min(count, atOnce)]))
      const taken = await takeMoments(asked)
      for (const [id, count] of asked) {
        const got = taken.get(id)
        const rest = left.get(id)! - (got ? count : left.get(id)!)
        const full = got ? [] : Array<CrmError>(left.get(id)!).fill(await fullUntil(db, id))
        waits.set(id, [...(waits.get(id) ?? []), ...(got ?? full)])
        if (rest > 0) left.set(id, rest)
        else left.delete(id)
      }
    }
    return locations.map((id) => waits.get(id)!.shift()!)
  })

  async function exhausted(locationId: LocationId, forMs: number): Promise<void> {
    await db.execute(sql`
      insert into crm_budgets as budget (location_id, spent_until)
      values (${locationId}, clock_timestamp() + ${ms(forMs)})
      on conflict (location_id) do update
        set spent_until = greatest(budget.spent_until, clock_timestamp() + ${ms(forMs)})`)
  }

  return {
    async take(locationId) {
      const { waitMs, isFailing } = await take(locationId)
      if (waitMs > 0) await clock.sleep(Math.ceil(waitMs))
      return { isFailing }
    },
    async announced(locationId, { most, withinMs, daily, dailyLeft, resetMs }) {
      if (fixedEveryMs !== null) return
      const pace = most && withinMs ? paceOf(most, withinMs) : { everyMs: null, burstMs: null }
      const ofDay = daily ? Math.min(Math.floor(daily * share), 2 ** 31 - 1) : null
      const said = [pace.everyMs, pace.burstMs, ofDay].join()
      if (pace.everyMs !== null && said !== written.get(locationId)) {
        await db.execute(sql`
          update crm_budgets set every_ms = ${pace.everyMs}, burst_ms = ${pace.burstMs}, per_day = ${ofDay}
          where location_id = ${locationId}`)
        written.set(locationId, said)
      }
      if (daily && ofDay && dailyLeft !== undefined && dailyLeft <= daily - ofDay)
        await exhausted(locationId, resetMs ?? hourMs)
    },
    exhausted,
    async failing(locationId) {
      const jitter = 0.5 + Math.random() / 2
      await db.execute(sql`
        insert into crm_budgets as budget (location_id, spent_until, failing_since)
        values (${locationId}, clock_timestamp() + ${ms(rest.minMs * jitter)}, clock_timestamp())
        on conflict (location_id) do update set
          failing_since = coalesce(budget.failing_since, excluded.failing_since),
          spent_until = greatest(budget.spent_until, clock_timestamp() + ${jitter}::float8 * least(${ms(rest.maxMs)},
            greatest(${ms(rest.minMs)}, clock_timestamp() - coalesce(budget.failing_since, clock_timestamp()))))`)
    },
    async recovered(locationId) {
      await db.execute(sql`
        update crm_budgets set failing_since = null where location_id = ${locationId} and failing_since is not null`)
    },
  }
}

/** Evenly, with as much at once as the share that is not taken leaves room for. */
function paceOf(most: number, withinMs: number): { everyMs: number; burstMs: number } {
  const everyMs = Math.min(longestWaitMs, Math.ceil(withinMs / (share * most)))
  return { everyMs, burstMs: everyMs * Math.max(0, Math.min(5, Math.floor(most * (1 - share)) - 1)) }
}

interface Moment {
  waitMs: number
  isFailing: boolean
}

async function fullUntil(db: Database, locationId: LocationId): Promise<CrmError> {
  const [row] = await db.execute<{ wait: number; is_failing: boolean }>(sql`
    select failing_since is not null as is_failing, extract(epoch from greatest(spent_until - clock_timestamp(),
      case when day = ${today} and day_count > coalesce(per_day, ${perDay}) - ${atOnce}::int
        then ${today} + interval '1 day' - clock_timestamp() at time zone 'UTC' end))::float8 * 1000 as wait
    from crm_budgets where location_id = ${locationId}`)
  const retryAfterMs = Math.max(1000, Math.ceil(row?.wait ?? 0))
  const why = row?.is_failing
    ? 'the CRM fails this sub-account and is left alone for now'
    : 'the allowance of requests for this sub-account is used up for now'
  return new CrmError('try_later', why, { retryAfterMs })
}

const today = sql`(clock_timestamp() at time zone 'UTC')::date`
const ms = (value: number) => sql`${Math.round(value)}::int * interval '1 millisecond'`
