import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { allowSmallSteps } from '@/db/test-steps'
import { createVault } from '@/db/vault'
import { opaqueId, type LocationId } from '@/lib/ids'
import { parseKeyring } from '@/lib/seal'
import { eraseUninstalled, sweepMemory } from './sweep'

let database: TestDatabase
let client: DatabaseClient
const keyring = parseKeyring(`k1:${randomBytes(32).toString('base64')}`)
beforeAll(async () => {
  database = await createTestDatabase()
  client = openDatabase(database.url, { max: 4 })
})
afterAll(async () => {
  await client.close()
  await database.drop()
})

/** A sub-account with a row in every table that names sub-accounts. */
async function furnished(status: string, uninstalledDaysAgo: number | null) {
  const id = `loc-${opaqueId()}` as LocationId
  const { db } = client
  const left = uninstalledDaysAgo === null ? sql`null` : sql`now() - ${uninstalledDaysAgo}::int * interval '1 day'`
  await db.execute(
    sql`insert into sub_accounts (id, company_id, status, uninstalled_at) values (${id}, 'co', ${status}, ${left})`,
  )
  const place = { tenant: id, table: 'messages', column: 'body_sealed', row: 'm' }
  const sealed = await createVault(db, keyring).seal(place, 'the content')
  const [session, person, chat, message] = [opaqueId(), opaqueId(), opaqueId(), opaqueId()]
  await db.execute(sql`
    insert into sessions (id, location_id, channel, label, priority, wanted, status)
    values (${session}, ${id}, 'whatsapp', 'Sales', 1, 'removed', 'logged_out')`)
  await db.execute(sql`insert into people (id, location_id, contact_id) values (${person}, ${id}, 'c')`)
  await db.execute(sql`
    insert into chats (id, location_id, session_id, person_id, address) values (${chat}, ${id}, ${session}, ${person}, 'a')`)
  await db.execute(sql`
    insert into messages (id, location_id, direction, origin, person_id, session_id, chat_id, body_sealed, status, occurred_at)
    values (${message}, ${id}, 'outbound', 'crm', ${person}, ${session}, ${chat}, ${sealed}, 'read', now())`)
  await db.execute(sql`
    insert into parts (id, message_id, location_id, session_id, chat_id, seq, remote_id, content_sealed)
    values (gen_random_uuid(), ${message}, ${id}, ${session}, ${chat}, 1, 'r', ${sealed})`)
  await db.execute(sql`insert into lanes (id, location_id) values (${`lane ${id}`}, ${id})`)
  await db.execute(sql`
    insert into deliveries (id, key, kind, lane_id, location_id, subject_id)
    values (gen_random_uuid(), ${`key ${id}`}, 'push', ${`lane ${id}`}, ${id}, ${message})`)
  await db.execute(sql`
    insert into audit_entries (id, location_id, action, subject) values (gen_random_uuid(), ${id}, 'session.removed', ${session})`)
  await db.execute(sql`insert into crm_budgets (location_id) values (${id})`)
  return { id, place, sealed }
}

/** Every table of the schema with rows of this sub-account, found by its column, so that a new table cannot be forgotten. */
async function tablesWith(id: LocationId): Promise<string[]> {
  const columns = await client.db.execute<{ table_name: string; column_name: string }>(sql`
    select table_name, column_name from information_schema.columns
    where table_schema = 'public' and (column_name in ('location_id', 'tenant') or (table_name = 'sub_accounts' and column_name = 'id'))`)
  const found: string[] = []
  for (const { table_name: table, column_name: column } of columns) {
    const rows = await client.db.execute(
      sql`select 1 from ${sql.identifier(table)} where ${sql.identifier(column)} = ${id} limit 1`,
    )
    if (rows.length > 0) found.push(table)
  }
  return found.sort()
}

test('within thirty days of an uninstall nothing is left, and what backups hold cannot be read', async () => {
  const gone = await furnished('uninstalled', 29)
  expect(await tablesWith(gone.id)).toEqual([
    'audit_entries',
    'chats',
    'crm_budgets',
    'data_keys',
    'deliveries',
    'lanes',
    'messages',
    'parts',
    'people',
    'sessions',
    'sub_accounts',
  ])
  await eraseUninstalled(client.db)
  expect(await tablesWith(gone.id)).toEqual([])
  await expect(createVault(client.db, keyring).open(gone.place, gone.sealed)).rejects.toThrow()
})

test('who left yesterday, or is still there, keeps everything', async () => {
  const recent = await furnished('uninstalled', 1)
  const active = await furnished('active', null)
  await eraseUninstalled(client.db)
  for (const { id, place, sealed } of [recent, active]) {
    expect((await tablesWith(id)).length).toBe(11)
    expect((await createVault(client.db, keyring).open(place, sealed)).toString()).toBe('the content')
  }
})

test('a large sub-account is erased in small steps', async () => {
  const gone = await furnished('uninstalled', 29)
  const { db } = client
  await db.execute(sql`
    insert into people (id, location_id, contact_id) select gen_random_uuid(), ${gone.id}, 'c' || n from generate_series(1, 4500) n`)
  await db.execute(sql`
    insert into messages (id, location_id, direction, origin, body_sealed, status, occurred_at)
    select gen_random_uuid(), ${gone.id}, 'inbound', 'person', '', 'received', now() from generate_series(1, 4500)`)
  await db.execute(sql`
    insert into deliveries (id, key, kind, lane_id, location_id, subject_id)
    select gen_random_uuid(), ${gone.id} || n, 'push', ${`lane ${gone.id}`}, ${gone.id}, gen_random_uuid()
    from generate_series(1, 4500) n`)
  await allowSmallSteps(db, ['people', 'messages', 'deliveries'], 2_000)
  await eraseUninstalled(db)
  expect(await tablesWith(gone.id)).toEqual([])
})

test('a webhook is remembered for thirty days, that encrypted user data was used for ever', async () => {
  const { db } = client
  for (const days of [29, 32]) {
    const at = sql`now() - ${days}::int * interval '1 day'`
    await db.execute(sql`insert into app_events (key, event, received_at) values (${`${days} days`}, 'install', ${at})`)
    await db.execute(sql`
      insert into sso_exchanges (payload_hash, frame_hash, exchanged_at) values (${String(days)}::bytea, 'frame', ${at})`)
  }
  await sweepMemory(db)
  expect(await db.execute(sql`select key from app_events`)).toEqual([{ key: '29 days' }])
  expect(await db.execute(sql`select 1 from sso_exchanges`)).toHaveLength(2)
})
