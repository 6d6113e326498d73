import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { auditEntries, subAccounts } from '@/db/schema/sub-accounts'
import { grants } from '@/db/schema/entitlements'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { createVault } from '@/db/vault'
import type { CompanyId, LocationId } from '@/lib/ids'
import { parseKeyring } from '@/lib/seal'
import { root } from './children'
import { operate } from './operate'

let database: TestDatabase
let client: DatabaseClient
const here = 'bN3kWq8TzR5mXv1CfJyE' as LocationId
beforeAll(async () => {
  database = await createTestDatabase()
  client = openDatabase(database.url, { max: 2 })
  await client.db.insert(subAccounts).values({ id: here, companyId: 'agency' as CompanyId, name: 'Harbour Bakery' })
  await client.db.execute(sql`
    insert into lanes (id, location_id) values ('person:1', ${here});`)
  await client.db.execute(sql`
    insert into deliveries (id, key, kind, lane_id, location_id, subject_id, state, attempts, last_error, finished_at)
    values (gen_random_uuid(), 'push:1', 'push', 'person:1', ${here}, gen_random_uuid(), 'given_up', 12, 'CrmError: 500', now())`)
})
afterAll(async () => {
  await client.close()
  await database.drop()
})

const said = (...args: string[]) => operate(args, database.url)
/** As npm runs it. */
const operator = (...args: string[]) =>
  new Promise<{ code: number; said: string }>((resolve) => {
    const env = { ...process.env, DATABASE_URL: database.url }
    execFile(process.execPath, [join(root, 'scripts/run.mjs'), 'operator', ...args], { env }, (error, out, err) =>
      resolve({ code: error ? 1 : 0, said: `${out}${err}`.trim() }),
    )
  })

test('an operator on the server needs no token to let a sub-account go on', async () => {
  expect(await operator('grant', here, '--until', '2099-01-31', '--sessions', '7')).toEqual({
    code: 0,
    said: 'Harbour Bakery may use 7 sessions until 2099-01-31T23:59:59.000Z. What was suspended comes back within a minute.',
  })
  expect(await client.db.select().from(grants)).toMatchObject([
    { locationId: here, until: new Date('2099-01-31T23:59:59Z') },
  ])
  expect(await said('list')).toMatch(/bN3kWq8TzR5mXv1CfJyE +Harbour Bakery +active +0 of 7 +- +2099-01-31 23:59/)
  expect(await said('grant', here)).toContain('7 sessions without end')
  expect(await said('revoke', here)).toBe('What was granted to Harbour Bakery has ended.')
  expect(await said('revoke', here)).toBe('Nothing was granted to it.')
  const actions = await client.db.select({ action: auditEntries.action }).from(auditEntries).orderBy(auditEntries.id)
  expect(actions.map(({ action }) => action)).toEqual([
    'entitlement.granted',
    'entitlement.granted',
    'entitlement.revoked',
  ])
}, 120_000)

test('what cannot be done is a sentence and not a success', async () => {
  expect(await operator('grant', 'nobody-here')).toEqual({
    code: 1,
    said: expect.stringMatching(/^There is no such sub-account\b.*\.$/),
  })
}, 120_000)

test.each([
  [['grant', here, '--until', '2001-01-01'], 'Give a time in the future'],
  [['grant', here, '--until', 'soon'], '--until takes a date'],
  [['grant', here, '--sessions', '11'], '--sessions takes'],
  [['extend'], 'npm run operator -- <command>'],
  [['list', '--all'], 'npm run operator -- <command>'],
])('%s is a sentence', async (args, sentence) => {
  await expect(said(...args)).rejects.toMatchObject({ name: 'Error', message: expect.stringContaining(sentence) })
})

test('data keys are wrapped anew by the key in front, and what is wrong with the keys is a sentence', async () => {
  const [old, fresh] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64'))
  const place = { tenant: here, table: 'messages', column: 'body_sealed', row: 'one' }
  const sealed = await createVault(client.db, parseKeyring(`k1:${old}`)).seal(place, 'words')
  const rewrap = (keys: string) => {
    process.env.ENCRYPTION_KEYS = keys
    return said('rewrap').finally(() => delete process.env.ENCRYPTION_KEYS)
  }
  await expect(rewrap('')).rejects.toThrow('ENCRYPTION_KEYS: key 1 is not kid:base64-of-32-bytes')
  expect(await rewrap(`k2:${fresh},k1:${old}`)).toBe('Data keys wrapped anew by k2: 1. No other wraps any now.')
  expect((await createVault(client.db, parseKeyring(`k2:${fresh}`)).open(place, sealed)).toString()).toBe('words')
})

test('what was given up is listed', async () => {
  expect(await said('stuck')).toMatch(/push +[0-9a-f-]{36} +12 +CrmError: 500$/)
})
