import { randomBytes, randomUUID } from 'node:crypto'
import { initAuthCreds } from '@whiskeysockets/baileys'
import { sql } from 'drizzle-orm'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '@/db/client'
import { leases, sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { whatsappCredentials, whatsappInbox, whatsappKeys } from '@/db/schema/whatsapp'
import { createTestDatabase } from '@/db/test-database'
import { createVault, type Vault } from '@/db/vault'
import { systemClock } from '@/lib/clock'
import { LostOwnership } from '@/lib/errors'
import type { LocationId, SessionId } from '@/lib/ids'
import { inboxType, loadAuthStore, type AuthStore, type StoreHooks } from './auth-store'
import { createCommit, type Commit, type Owner } from './steps'

let db: Database
let vault: Vault
let stop: () => Promise<void>
const locationId = 'location-1' as LocationId

beforeAll(async () => {
  const database = await createTestDatabase()
  const client = openDatabase(database.url, { max: 6 })
  db = client.db
  vault = createVault(db, { current: 'k', keys: new Map([['k', randomBytes(32)]]) })
  await db.insert(subAccounts).values({ id: locationId, companyId: 'company' as never })
  stop = async () => {
    await client.close()
    await database.drop()
  }
})
afterAll(() => stop())

let priority = 0
async function newOwner(): Promise<Owner> {
  const sessionId = randomUUID() as string as SessionId
  priority += 1
  await db.insert(sessions).values({
    id: sessionId,
    locationId,
    channel: 'whatsapp',
    label: sessionId,
    priority,
    wanted: 'connected',
    status: 'created',
  })
  await db.insert(leases).values({ sessionId, owner: 'me', epoch: 7 })
  return { sessionId, epoch: 7 }
}

const moveOn = ({ sessionId }: Owner) =>
  db.execute(sql`update leases set epoch = epoch + 1 where session_id = ${sessionId}`)

async function load(owner: Owner, commit: Commit, hooks: Partial<StoreHooks> = {}, waitMs = 2000): Promise<AuthStore> {
  return loadAuthStore({
    db,
    commit,
    vault: await vault.forTenant(locationId),
    owner,
    clock: systemClock,
    databaseWaitMs: waitMs,
    hooks: { onDead: () => {}, ...hooks },
  })
}

async function linkedStore(owner: Owner, commit: Commit, hooks: Partial<StoreHooks> = {}, waitMs?: number) {
  const store = await load(owner, commit, hooks, waitMs)
  Object.assign(store.creds, { account: { details: Buffer.from('x') }, me: { id: '15550100:1@s.whatsapp.net' } })
  store.saveCreds()
  await store.saving()
  return store
}

const key = (byte: number) => ({ public: Buffer.alloc(32, byte), private: Buffer.alloc(32, byte + 1) })
/** Settles to `pending` when the promise does nothing while something else had time to happen. */
const outcome = (promise: Promise<unknown>, waitMs = 300) =>
  Promise.race([
    promise.then(
      () => 'resolved',
      () => 'rejected',
    ),
    new Promise((r) => setTimeout(r, waitMs, 'pending')),
  ])

test('what was set is there for the next owner, what was dropped is not, and nothing is readable in the tables', async () => {
  const owner = await newOwner()
  const commit = createCommit(db)
  const store = await linkedStore(owner, commit)
  await store.keys.set({
    'pre-key': { '1': key(1), '2': key(3) },
    session: { '777_1.0': { _sessions: {}, version: 'v1', canary: 'canary-words' } as never },
    'lid-mapping': { '15550101': '777', '777_reverse': '15550101' },
    tctoken: { '777@lid': { token: Buffer.from('tok'), senderTimestamp: 5 } },
    'device-list': { '777': ['0', '1'] },
  })
  await store.keys.set({ 'pre-key': { '1': null } })
  const next = await load(owner, commit)
  expect(next.isLinked()).toBe(true)
  expect(next.creds.me?.id).toBe('15550100:1@s.whatsapp.net')
  expect(Buffer.from(next.creds.noiseKey.private)).toEqual(Buffer.from(store.creds.noiseKey.private))
  expect(await next.keys.get('pre-key', ['1', '2', '3'])).toEqual({ '2': key(3) })
  expect(await next.keys.get('session', ['777_1.0'])).toMatchObject({ '777_1.0': { canary: 'canary-words' } })
  expect(await next.keys.get('tctoken', ['777@lid'])).toEqual({
    '777@lid': { token: Buffer.from('tok'), senderTimestamp: 5 },
  })
  expect(next.directory.lidOf('15550101')).toBe('777')
  expect(next.directory.pnOf('777')).toBe('15550101')
  const rows = await db.select({ sealed: whatsappKeys.sealed }).from(whatsappKeys)
  expect(Buffer.concat(rows.map(({ sealed }) => sealed)).includes('canary-words')).toBe(false)
})

test('keys that were to be stored before a frame do not undo what was written after them', async () => {
  const owner = await newOwner()
  const commit = createCommit(db)
  const store = await linkedStore(owner, commit)
  const step = (version: string) => ({ _sessions: {}, version }) as never
  store.storeFirst({ session: { kept: step('1'), gone: step('1'), waiting: step('1') } })
  await store.keys.set({ session: { kept: step('2'), gone: null } })
  await store.saving()
  for (const reader of [store, await load(owner, commit)])
    expect(await reader.keys.get('session', ['kept', 'gone', 'waiting'])).toEqual({
      ...{ kept: step('2'), waiting: step('1') },
    })
})

test('a value moved to another place does not open', async () => {
  const owner = await newOwner()
  const commit = createCommit(db)
  const store = await linkedStore(owner, commit)
  await store.keys.set({ 'device-list': { a: ['0'], b: ['1'] } })
  await db.execute(sql`
    update whatsapp_keys k set sealed = o.sealed from whatsapp_keys o
    where k.session_id = ${owner.sessionId} and o.session_id = k.session_id and k.id = 'a' and o.id = 'b'`)
  const next = await load(owner, commit)
  await expect(Promise.resolve(next.keys.get('device-list', ['a']))).rejects.toThrow()
})

test('credentials without an account are thrown away, and with them the keys of the link before', async () => {
  const owner = await newOwner()
  const commit = createCommit(db)
  const store = await load(owner, commit)
  store.creds.me = { id: '15550100@s.whatsapp.net', name: '~' }
  store.saveCreds()
  expect(store.saving()).toBeNull()
  await store.keys.set({ 'pre-key': { '1': key(1) } })
  const next = await load(owner, commit)
  expect(next.creds.me).toBeUndefined()
  expect(await next.keys.get('pre-key', ['1'])).toEqual({})
  expect(Object.keys(initAuthCreds())).toEqual(expect.arrayContaining(['noiseKey']))
})

test('key and inbox row are durable before the write resolves, in one commit', async () => {
  const owner = await newOwner()
  const commits: string[] = []
  const commit = createCommit(db)
  const counted: Commit = async (who, step) => {
    await commit(who, step)
    commits.push(`${step.puts.length} keys, ${step.inbox.length} messages`)
  }
  const seen: unknown[] = []
  const store = await linkedStore(owner, counted, {
    sealInbox: (rows) => Object.keys(rows).map((id) => ({ id, sealed: Buffer.from('sealed') })),
    afterInboxCommit: async () => void seen.push(await db.select().from(whatsappInbox)),
  })
  commits.length = 0
  await store.keys.set({ session: { a: { v: 1 } as never }, [inboxType]: { hash: {} } } as never)
  expect(commits).toEqual(['1 keys, 1 messages'])
  expect(seen).toMatchObject([[{ id: 'hash', heardAt: null }]])
})

test('what is being written while the device is forgotten does not come back', async () => {
  const owner = await newOwner()
  let isSlow = false
  const quick = createCommit(db)
  const store = await linkedStore(owner, async (...given) => {
    if (isSlow) await systemClock.sleep(300)
    await quick(...given)
  })
  isSlow = true
  store.saveCreds()
  void store.keys.set({ session: { 'somebody.0': new Uint8Array(8) } })
  await new Promise((resolve) => setImmediate(resolve))
  await store.forget()
  await systemClock.sleep(600)
  const ofSession = sql`session_id = ${owner.sessionId}`
  expect(await db.select().from(whatsappCredentials).where(ofSession)).toEqual([])
  expect(await db.select().from(whatsappKeys).where(ofSession)).toEqual([])
})

test('writes of many sessions in one moment share few statements, and each finds its own', async () => {
  const owners = await Promise.all(Array.from({ length: 20 }, newOwner))
  let statements = 0
  const client = (db as Database & { $client: Sql }).$client
  const counting = Object.assign(Object.create(client) as Sql, {
    typed: client.typed,
    unsafe: (...args: Parameters<Sql['unsafe']>) => {
      statements += 1
      return client.unsafe(...args)
    },
  })
  const commit = createCommit(Object.assign(Object.create(db) as Database, { $client: counting }))
  const stores = await Promise.all(owners.map((owner) => linkedStore(owner, commit)))
  statements = 0
  await Promise.all(stores.map((store, i) => store.keys.set({ 'device-list': { own: [String(i)] } })))
  expect(statements).toBeGreaterThan(0)
  expect(statements).toBeLessThanOrEqual(3)
  for (const [i, owner] of owners.entries()) {
    const next = await load(owner, commit)
    expect(await next.keys.get('device-list', ['own'])).toEqual({ own: [String(i)] })
  }
})

test('an owner whose epoch has moved writes nothing, is told once, and its neighbours are not harmed', async () => {
  const [stale, fresh] = [await newOwner(), await newOwner()]
  const commit = createCommit(db)
  const dead: Error[] = []
  const lost = await linkedStore(stale, commit, { onDead: (error) => dead.push(error) })
  const kept = await linkedStore(fresh, commit)
  await moveOn(stale)
  const set = async (store: AuthStore, id: string) => await store.keys.set({ 'device-list': { [id]: ['1'] } })
  const [late, fine, later] = [set(lost, 'late'), set(kept, 'fine'), set(lost, 'later')]
  await fine
  expect(await Promise.all([outcome(late), outcome(later)])).toEqual(['pending', 'pending'])
  expect(await lost.commit({ inbox: [{ id: 'late', sealed: Buffer.from('x') }] })).toBe(false)
  expect(dead).toHaveLength(1)
  expect(dead[0]).toBeInstanceOf(LostOwnership)
  const rows = await db
    .select({ id: whatsappKeys.id })
    .from(whatsappKeys)
    .where(sql`session_id = ${stale.sessionId}`)
  expect(rows).toEqual([])
  await expect(lost.forget()).rejects.toBeInstanceOf(LostOwnership)
  expect(
    await db
      .select()
      .from(whatsappCredentials)
      .where(sql`session_id = ${stale.sessionId}`),
  ).toHaveLength(1)
})

test('a takeover under way is waited for, and then the write is refused', async () => {
  const owner = await newOwner()
  const commit = createCommit(db)
  const dead: Error[] = []
  const store = await linkedStore(owner, commit, { onDead: (error) => dead.push(error) })
  let writing: Promise<unknown> = Promise.resolve()
  await db.transaction(async (tx) => {
    await tx.execute(sql`update leases set epoch = epoch + 1 where session_id = ${owner.sessionId}`)
    writing = outcome(Promise.resolve(store.keys.set({ 'device-list': { late: ['1'] } })))
    await expect
      .poll(async () => {
        const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
        return (await tx.execute(waiting)).length
      })
      .toBeGreaterThan(0)
  })
  expect(await writing).toBe('pending')
  await expect.poll(() => dead[0]).toBeInstanceOf(LostOwnership)
})

test('a renewal of the lease does not hold up a write', async () => {
  const owner = await newOwner()
  const commit = createCommit(db)
  const store = await linkedStore(owner, commit)
  await db.transaction(async (tx) => {
    await tx.execute(sql`update leases set lease_until = now() where session_id = ${owner.sessionId}`)
    expect(await outcome(Promise.resolve(store.keys.set({ 'device-list': { x: ['1'] } })), 20_000)).toBe('resolved')
  })
})

test('a database that fails is waited for, and one that stays away ends the store without a word to Baileys', async () => {
  const owner = await newOwner()
  const real = createCommit(db)
  let failures = 0
  let isAway = false
  const dead: Error[] = []
  const flaky: Commit = async (who, step) => {
    if (isAway || failures-- > 0) throw new Error('connection refused')
    await real(who, step)
  }
  const store = await linkedStore(owner, flaky, { onDead: (error) => dead.push(error) }, 3_000)
  failures = 2
  await store.keys.set({ 'device-list': { x: ['1'] } })
  expect(dead).toEqual([])
  isAway = true
  expect(await outcome(Promise.resolve(store.keys.set({ 'device-list': { x: ['2'] } })))).toBe('pending')
  await expect.poll(() => dead).toHaveLength(1)
  expect(dead[0]!.message).toMatch(/database/)
  expect(await store.keys.get('device-list', ['x'])).toEqual({ x: ['1'] })
})

test('one step PostgreSQL refuses does not take others of the same moment with it', async () => {
  const [bad, good] = [await newOwner(), await newOwner()]
  const commit = createCommit(db)
  const results = await Promise.allSettled([
    commit(bad, {
      puts: [{ type: 'a', id: 'nul \u0000', sealed: Buffer.from('x') }],
      drops: [],
      creds: null,
      inbox: [],
      heard: [],
      gone: [],
    }),
    commit(good, {
      puts: [{ type: 'a', id: 'fine', sealed: Buffer.from('x') }],
      drops: [],
      creds: null,
      inbox: [],
      heard: [],
      gone: [],
    }),
  ])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
})
