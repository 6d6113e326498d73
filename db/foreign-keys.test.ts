import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql } from 'drizzle-orm'
import { openDatabase, type DatabaseClient } from './client'
import { createTestDatabase, type TestDatabase } from './test-database'

let database: TestDatabase
let client: DatabaseClient
beforeAll(async () => {
  database = await createTestDatabase()
  client = openDatabase(database.url, { max: 1 })
})
afterAll(async () => {
  await client.close()
  await database.drop()
})

/** Sub-accounts are erased one at a time, and few of these are left by then: one look through the table is cheap. */
const scanned = [
  // Every claim and every settlement writes to lanes, and to each of their indexes.
  'lanes.location_id',
  // A few rows for each session.
  'contact_syncs.location_id',
  'labels.location_id',
]

test('what a deleted row takes along is found by an index', async () => {
  const keys = await client.db.execute<{ name: string; is_indexed: boolean }>(sql`
    select c.conrelid::regclass || '.' || a.attname as name, exists (
        select 1 from pg_index i
        where i.indrelid = c.conrelid and i.indisvalid and i.indkey[0] = c.conkey[1]
          and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname))
      ) as is_indexed
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f' and c.connamespace = 'public'::regnamespace`)
  expect(keys.length).toBeGreaterThan(30)
  const missing = keys.filter(({ is_indexed }) => !is_indexed).map(({ name }) => name)
  expect(missing.sort()).toEqual(scanned.sort())
})

test('the index of the messages of a chat serves its deletion, although it leaves out those without a chat', async () => {
  await client.db.transaction(async (tx) => {
    await tx.execute(sql`set local enable_seqscan = off`)
    await tx.execute(sql`set local plan_cache_mode = force_generic_plan`)
    await tx.execute(sql`prepare letting_go (uuid) as update messages set chat_id = null where $1 = chat_id`)
    const plan = await tx.execute<{ 'QUERY PLAN': string }>(
      sql`explain execute letting_go ('00000000-0000-0000-0000-000000000000')`,
    )
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('messages_remote')
  })
})
