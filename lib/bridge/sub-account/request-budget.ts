import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import type { Clock } from '@/lib/clock'
import { CrmError, type RequestBudget } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'

/**
 * The CRM allows an app 100 requests in any 10 seconds per sub-account. One request each 112 ms is 89 of them; a burst of
 * six leaves room for requests that reach the CRM later than they left.
 */
export const stepMs = 112
const burstMs = 5 * stepMs
/** Whoever would wait longer is told to come back, so that a backlog keeps no lane busy. */
const longestWaitMs = 10_000

/**
 * A generic cell rate in one row per sub-account, shared by all processes: one statement takes the next free moment. It
 * goes by the database's clock, read after the row's lock is had, and every process then waits by its own.
 */
export function createRequestBudget(db: Database, clock: Clock): RequestBudget {
  return {
    async take(locationId) {
      const [slot] = await db.execute<{ wait: number }>(sql`
        insert into crm_budgets as budget (location_id, spent_until)
        values (${locationId}, clock_timestamp() - ${ms(burstMs - stepMs)})
        on conflict (location_id) do update
          set spent_until = greatest(budget.spent_until, clock_timestamp() - ${ms(burstMs)}) + ${ms(stepMs)}
          where budget.spent_until <= clock_timestamp() + ${ms(longestWaitMs)}
        returning extract(epoch from budget.spent_until - ${ms(stepMs)} - clock_timestamp())::float8 * 1000 as wait`)
      if (!slot) throw await fullUntil(db, locationId)
      if (slot.wait > 0) await clock.sleep(Math.ceil(slot.wait))
    },
    async exhausted(locationId, forMs) {
      await db.execute(sql`
        insert into crm_budgets as budget (location_id, spent_until)
        values (${locationId}, clock_timestamp() + ${ms(forMs)})
        on conflict (location_id) do update
          set spent_until = greatest(budget.spent_until, clock_timestamp() + ${ms(forMs)})`)
    },
  }
}

async function fullUntil(db: Database, locationId: LocationId): Promise<CrmError> {
  const [row] = await db.execute<{ wait: number }>(sql`
    select extract(epoch from spent_until - clock_timestamp())::float8 * 1000 as wait
    from crm_budgets where location_id = ${locationId}`)
  const retryAfterMs = Math.max(1000, Math.ceil(row?.wait ?? 0))
  return new CrmError('try_later', 'the allowance of requests for this sub-account is used up for now', {
    retryAfterMs,
  })
}

const ms = (value: number) => sql`${Math.round(value)}::int * interval '1 millisecond'`
