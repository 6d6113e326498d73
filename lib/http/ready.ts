import { sql } from 'drizzle-orm'
import type { Web } from './web'

const askWithinMs = 1_000

/**
 * Ready even without the database: a process taken out of service then could not tell the CRM to send its messages again.
 */
export async function handleReady(web: Web): Promise<Response> {
  const done = new AbortController()
  const isUp = await Promise.race([
    web.ctx.db.execute(sql`select 1`).then(
      () => true,
      () => false,
    ),
    web.ctx.clock.sleep(askWithinMs, done.signal).then(() => false),
  ])
  done.abort()
  return Response.json({ degraded: isUp ? [] : ['database'] }, { headers: { 'cache-control': 'no-store' } })
}
