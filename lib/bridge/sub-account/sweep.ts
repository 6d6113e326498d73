import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { inTransaction } from '@/db/transaction'

/** Erases what only had to be remembered for a while: states and codes once expired, seen webhooks and payloads after 30 days. */
export async function sweepMemory(db: Database): Promise<void> {
  await db.execute(sql`delete from oauth_states where expires_at < now()`)
  await db.execute(sql`delete from tab_codes where expires_at < now()`)
  await db.execute(sql`delete from browser_sessions where seen_at < now() - interval '1 hour'`)
  await db.execute(sql`delete from pairings where expires_at < now() - interval '1 minute'`)
  await db.execute(sql`delete from app_events where received_at < now() - interval '31 days'`)
  await db.execute(sql`delete from sso_exchanges where exchanged_at < now() - interval '31 days'`)
}

/**
 * Within thirty days of an uninstall everything of a sub-account goes: its rows, and the keys without which no copy of its
 * sealed values can ever be opened. Rows and keys go together: a key whose row is gone would never be found again.
 */
export async function eraseUninstalled(db: Database): Promise<void> {
  await inTransaction(db, async (tx) => {
    const gone = await tx.execute<{ id: string }>(sql`
      delete from sub_accounts where id in (
        select id from sub_accounts where status = 'uninstalled' and uninstalled_at < now() - interval '29 days'
        limit 20 for update skip locked)
      returning id`)
    if (gone.length === 0) return
    const ids = sql`(select value from json_array_elements_text(${JSON.stringify(gone.map((row) => row.id))}::json))`
    await tx.execute(sql`delete from data_keys where tenant in ${ids}`)
    await tx.execute(sql`delete from crm_budgets where location_id in ${ids}`)
    await tx.execute(sql`delete from audit_entries where location_id in ${ids}`)
  })
}
