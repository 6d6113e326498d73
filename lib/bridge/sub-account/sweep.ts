import { sql, type SQL } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'
import { inSteps } from '@/db/in-steps'
import { savedContacts } from '@/db/schema/contact-sync'
import { messages } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { inTransaction } from '@/db/transaction'
import type { LocationId } from '@/lib/ids'

/**
 * Erases what only had to be remembered for a while: states and codes once expired, seen webhooks after 30 days. Encrypted user
 * data says neither when it was made nor how long it is good, so that it was used once is never forgotten.
 */
export async function sweepMemory(db: Database): Promise<void> {
  await db.execute(sql`delete from oauth_states where expires_at < now()`)
  await db.execute(sql`delete from tab_codes where expires_at < now()`)
  await db.execute(sql`delete from browser_sessions where seen_at < now() - interval '1 hour'`)
  await db.execute(sql`delete from pairings where expires_at < now() - interval '1 minute'`)
  await db.execute(sql`delete from app_events where received_at < now() - interval '31 days'`)
}

/**
 * Within thirty days of an uninstall everything of a sub-account goes: its rows, and the keys without which no copy of its
 * sealed values can ever be opened. Rows and keys go together: a key whose row is gone would never be found again. What there
 * is much of goes before, in steps.
 */
export async function eraseUninstalled(db: Database): Promise<void> {
  const due = await db.execute<{ id: LocationId }>(sql`select id from sub_accounts where ${isOver}`)
  const failed: unknown[] = []
  for (const { id } of due) await eraseInSteps(db, id).catch((error: unknown) => failed.push(error))
  if (failed.length > 0) throw failed[0]
}

async function eraseInSteps(db: Database, id: LocationId): Promise<void> {
  // Somebody who installs the app again waits for the step, and keeps what is left.
  const few = (statement: (limit: number) => SQL) =>
    inSteps((limit) =>
      inTransaction(db, async (tx) => {
        const over = await tx.execute(sql`select 1 from sub_accounts where id = ${id} and ${isOver} for share`)
        return over.length > 0 ? await tx.execute(statement(limit)) : over
      }),
    )
  await few(
    (limit) => sql`
      delete from deliveries where id in (
        select d.id from lanes l join deliveries d on d.lane_id = l.id where l.location_id = ${id} limit ${limit})`,
  )
  for (const table of [messages, people, savedContacts])
    await few(
      (limit) => sql`
        delete from ${table} where ctid = any(array(select ctid from ${table} where location_id = ${id} limit ${limit}))`,
    )
  await inTransaction(db, (tx) => erase(tx, id))
}

const isOver = sql`status = 'uninstalled' and uninstalled_at < now() - interval '29 days'`

async function erase(tx: Transaction, id: LocationId): Promise<void> {
  const gone = await tx.execute(sql`delete from sub_accounts where id = ${id} and ${isOver} returning id`)
  if (gone.length === 0) return
  await tx.execute(sql`delete from data_keys where tenant = ${id}`)
  await tx.execute(sql`delete from crm_budgets where location_id = ${id}`)
  await tx.execute(sql`delete from audit_entries where location_id = ${id}`)
}
