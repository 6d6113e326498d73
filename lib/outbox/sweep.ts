import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'

const batch = 5_000

/**
 * Erases finished deliveries older than a day, and lanes that have been empty since; what was given up stays for operators to see,
 * a month. In small steps, so that nothing waits long.
 */
export async function sweepOutbox(db: Database): Promise<void> {
  for (;;) {
    const gone = await db.execute(sql`
      delete from deliveries where id in (
        select id from deliveries where state <> 'ready' and finished_at < now() - interval '1 day'
          and (state = 'done' or kind = 'send' or finished_at < now() - interval '30 days') limit ${batch})
      returning id`)
    if (gone.length < batch) break
  }
  for (;;) {
    // A lane somebody puts into at this moment is locked by the put and skipped here, or gone and made anew by it.
    const gone = await db.execute(sql`
      delete from lanes where id in (
        select l.id from lanes l
        where l.due_at = 'infinity' and l.busy_by is null
          and not exists (select 1 from deliveries d where d.lane_id = l.id)
        limit ${batch} for update skip locked)
      returning id`)
    if (gone.length < batch) return
  }
}
