import { randomBytes } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeError } from '@/lib/log'
import { openDatabase, type DatabaseClient } from './client'
import { dataKeys } from './schema/sub-accounts'
import { createTestDatabase, type TestDatabase } from './test-database'
import { createVault, rewrapDataKeys, type Place } from './vault'

const [one, two] = [randomBytes(32), randomBytes(32)]
const before = { current: 'k1', keys: new Map([['k1', one]]) }
const both = { current: 'k2', keys: new Map([...[['k2', two] as const], ['k1', one]]) }
const after = { current: 'k2', keys: new Map([['k2', two]]) }

let database: TestDatabase
let client: DatabaseClient
beforeAll(async () => {
  database = await createTestDatabase()
  client = openDatabase(database.url, { max: 4 })
})
afterAll(async () => {
  await client.close()
  await database.drop()
})

let tenants = 0
const place = (): Place => ({ tenant: `tenant-${++tenants}`, table: 'messages', column: 'body_sealed', row: 'row-1' })
const kidsOf = async (tenant: string) =>
  (await client.db.select().from(dataKeys).where(eq(dataKeys.tenant, tenant))).map(({ kid }) => kid)

test.each<[string, (place: Place) => Partial<Place>]>([
  ['row', () => ({ row: 'row-2' })],
  ['column', () => ({ column: 'content_sealed' })],
  ['table', () => ({ table: 'parts' })],
  ['tenant', () => ({ tenant: place().tenant })],
])('sealed in one %s it does not open in another', async (_what, elsewhere) => {
  const vault = createVault(client.db, before)
  const here = place()
  const there = { ...here, ...elsewhere(here) }
  await vault.seal(there, 'its own')
  const sealed = await vault.seal(here, 'words')
  expect((await vault.open(here, sealed)).toString()).toBe('words')
  await expect(vault.open(there, sealed)).rejects.toThrow('unable to authenticate')
})

test('a bit changed anywhere, it does not open; the same words are never sealed alike', async () => {
  const vault = createVault(client.db, before)
  const here = place()
  const sealed = await vault.seal(here, 'words')
  expect(sealed).not.toEqual(await vault.seal(here, 'words'))
  for (const at of sealed.keys()) {
    const bent = Buffer.from(sealed)
    bent[at]! ^= 1
    await expect(vault.open(here, bent), `byte ${at}`).rejects.toThrow()
  }
})

test('a data key moved to another tenant opens nothing there', async () => {
  const [here, there] = [place(), place()]
  const sealed = await createVault(client.db, before).seal(here, 'words')
  await createVault(client.db, before).seal(there, 'its own')
  await client.db.execute(sql`
    update data_keys set wrapped = (select wrapped from data_keys where tenant = ${here.tenant}) where tenant = ${there.tenant}`)
  await expect(createVault(client.db, before).open(there, sealed)).rejects.toThrow('unable to authenticate')
  await client.db.delete(dataKeys).where(eq(dataKeys.tenant, there.tenant))
})

test('with a key added in front the old envelopes open; once all are wrapped anew the old one can go', async () => {
  const [old, fresh] = [place(), place()]
  const sealed = await createVault(client.db, before).seal(old, 'words')
  expect((await createVault(client.db, both).open(old, sealed)).toString()).toBe('words')
  await createVault(client.db, both).seal(fresh, 'words')
  expect([await kidsOf(old.tenant), await kidsOf(fresh.tenant)]).toEqual([['k1'], ['k2']])

  expect(await rewrapDataKeys(client.db, both)).toBeGreaterThan(0)
  expect(await kidsOf(old.tenant)).toEqual(['k2'])
  expect((await createVault(client.db, after).open(old, sealed)).toString()).toBe('words')
  // A process that has not been told of it goes on.
  expect((await createVault(client.db, both).open(old, sealed)).toString()).toBe('words')
  expect(await rewrapDataKeys(client.db, both)).toBe(0)
})

test('a key taken away too early is named, to whoever asks and in the log, and nothing is made in its place', async () => {
  const here = place()
  const sealed = await createVault(client.db, before).seal(here, 'words')
  const vault = createVault(client.db, after)
  const said = /is wrapped by key k1, which is not in ENCRYPTION_KEYS/
  await expect(vault.open(here, sealed)).rejects.toThrow(said)
  await expect(vault.seal(here, 'more')).rejects.toThrow(said)
  await expect(rewrapDataKeys(client.db, after)).rejects.toThrow(said)
  // The log keeps no message of an error, for what libraries quote in theirs.
  const error: unknown = await vault.open(here, sealed).catch((error: unknown) => error)
  expect(describeError(error)).toMatchObject({ code: 'ENCRYPTION_KEYS lacks k1' })
  expect(await kidsOf(here.tenant)).toEqual(['k1'])
  expect((await createVault(client.db, before).open(here, sealed)).toString()).toBe('words')
})
