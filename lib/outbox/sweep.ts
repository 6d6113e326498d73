import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { inSteps } from '@/db/in-steps'

/**
 * Erases finished deliveries older than a day, and lanes that have been empty since; what was given up stays for operators to see,
 * a month. In small steps, so that nothing waits long.
 */
export async function sweepOutbox(db: Database): Promise<void> {
  await inSteps((limit) =>
    db.execute(sql`
      delete from deliveries where id in (
        select id from deliveries where state <> 'ready' and finished_at < now() - interval '1 day'
          and (state = 'done' or kind = 'send' or finished_at < now() - interval '30 days') limit ${limit})`),
  )
  // A lane somebody puts into at this moment is locked by the put and skipped here, or gone and made anew by it.
  await inSteps((limit) =>
    db.execute(sql`
      delete from lanes where id in (
        select l.id from lanes l
        where l.due_at = 'infinity' and l.busy_by is null
          and not exists (select 1 from deliveries d where d.lane_id = l.id)
        limit ${limit} for update skip locked)`),
  )
}
