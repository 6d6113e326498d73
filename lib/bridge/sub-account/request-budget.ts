import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { createGroup } from '@/db/group-commit'
import type { Clock } from '@/lib/clock'
import { CrmError, type RequestBudget } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'

/**
 * The CRM allows an app 100 requests in any 10 seconds per sub-account. One request each 112 ms is 89 of them; a burst of
 * six leaves room for requests that reach the CRM later than they left.
 */
export const stepMs = 112
/** Whoever would wait longer is told to come back, so that a backlog keeps no lane busy. */
const longestWaitMs = 10_000

/** How long a CRM that fails is left alone, at first and at most. */
export interface Rest {
  minMs: number
  maxMs: number
}
const defaultRest: Rest = { minMs: 1_000, maxMs: 300_000 }

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
  everyMs = stepMs,
  rest: Rest = defaultRest,
): RequestBudget {
  const burstMs = 5 * everyMs
  /** How long those of each sub-account have to wait; a sub-account that is not among them has no moment left. */
  async function takeMoments(asked: ReadonlyMap<LocationId, number>): Promise<Map<LocationId, Moment[]>> {
    const rows = [...asked].map(([location_id, count]) => ({ location_id, count }))
    const taken = await db.execute<{ location_id: LocationId; wait: number; is_failing: boolean }>(sql`
      with asked as materialized (
        select * from json_to_recordset(${JSON.stringify(rows)}::json) as r(location_id text, count int)
      )
      insert into crm_budgets as budget (location_id, spent_until)
      select location_id, clock_timestamp() - ${ms(burstMs)} + count * ${ms(everyMs)} from asked order by location_id
      on conflict (location_id) do update
        set spent_until = greatest(budget.spent_until, clock_timestamp() - ${ms(burstMs)})
          + (select count from asked where asked.location_id = budget.location_id) * ${ms(everyMs)}
        where budget.spent_until <= clock_timestamp() + ${ms(longestWaitMs)}
      returning location_id, extract(epoch from budget.spent_until - clock_timestamp())::float8 * 1000 as wait,
        budget.failing_since is not null as is_failing`)
    return new Map(
      taken.map(({ location_id, wait, is_failing: isFailing }) => {
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

  return {
    async take(locationId) {
      const { waitMs, isFailing } = await take(locationId)
      if (waitMs > 0) await clock.sleep(Math.ceil(waitMs))
      return { isFailing }
    },
    async exhausted(locationId, forMs) {
      await db.execute(sql`
        insert into crm_budgets as budget (location_id, spent_until)
        values (${locationId}, clock_timestamp() + ${ms(forMs)})
        on conflict (location_id) do update
          set spent_until = greatest(budget.spent_until, clock_timestamp() + ${ms(forMs)})`)
    },
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

interface Moment {
  waitMs: number
  isFailing: boolean
}

async function fullUntil(db: Database, locationId: LocationId): Promise<CrmError> {
  const [row] = await db.execute<{ wait: number; is_failing: boolean }>(sql`
    select failing_since is not null as is_failing, extract(epoch from spent_until - clock_timestamp())::float8 * 1000 as wait
    from crm_budgets where location_id = ${locationId}`)
  const retryAfterMs = Math.max(1000, Math.ceil(row?.wait ?? 0))
  const why = row?.is_failing
    ? 'the CRM fails this sub-account and is left alone for now'
    : 'the allowance of requests for this sub-account is used up for now'
  return new CrmError('try_later', why, { retryAfterMs })
}

const ms = (value: number) => sql`${Math.round(value)}::int * interval '1 millisecond'`
