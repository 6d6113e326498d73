import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { createVault } from '@/db/vault'
import { systemClock } from '@/lib/clock'
import { silentLog } from '@/lib/log'
import { parseKeyring } from '@/lib/seal'
import { createWhatsAppChannel } from './channel'

let database: TestDatabase
let client: DatabaseClient
beforeAll(async () => {
  database = await createTestDatabase()
  client = openDatabase(database.url, { max: 2 })
})
afterAll(async () => {
  await client.close()
  await database.drop()
})

test('what was heard long ago goes, however much it is; what was not heard stays', async () => {
  const { db } = client
  await db.execute(sql`insert into sub_accounts (id, company_id) values ('here', 'agency')`)
  await db.execute(sql`
    insert into sessions (id, location_id, channel, label, priority, wanted, status)
    values (gen_random_uuid(), 'here', 'whatsapp', 'Sales', 1, 'connected', 'connected')`)
  await db.execute(sql`
    insert into whatsapp_inbox (session_id, id, sealed, received_at, heard_at)
    select s.id, word || n, ''::bytea, came, heard from sessions s, generate_series(1, 4500) n, lateral (values
      ('old', now() - interval '5 days', now() - interval '5 days')) as v(word, came, heard)
    union all
    select s.id, word, ''::bytea, came, heard from sessions s, (values
      ('heard lately', now() - interval '5 days', now()),
      ('not heard', now() - interval '5 days', null),
      ('fresh', now(), now())) as v(word, came, heard)`)
  const vault = createVault(db, parseKeyring(`k1:${randomBytes(32).toString('base64')}`))
  await createWhatsAppChannel({ db, vault, clock: systemClock, log: silentLog }).sweep()
  const left = await db.execute(sql`select id from whatsapp_inbox order by id`)
  expect(left.map((row) => row.id)).toEqual(['fresh', 'heard lately', 'not heard'])
})
