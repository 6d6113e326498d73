import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'

/** Erases what only had to be remembered for a while: states and codes once expired, seen webhooks and payloads after 30 days. */
export async function sweepMemory(db: Database): Promise<void> {
  await db.execute(sql`delete from oauth_states where expires_at < now()`)
  await db.execute(sql`delete from tab_codes where expires_at < now()`)
  await db.execute(sql`delete from pairings where expires_at < now() - interval '1 minute'`)
  await db.execute(sql`delete from app_events where received_at < now() - interval '31 days'`)
  await db.execute(sql`delete from sso_exchanges where exchanged_at < now() - interval '31 days'`)
}
