import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { crmBudgets } from '@/db/schema/sub-accounts'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { systemClock, type Clock } from '@/lib/clock'
import type { CrmError } from '@/lib/highlevel/highlevel'
import { opaqueId, type LocationId } from '@/lib/ids'
import { createRequestBudget, documented } from './request-budget'

let database: TestDatabase
const clients: DatabaseClient[] = []
beforeAll(async () => {
  database = await createTestDatabase()
  for (let i = 0; i < 3; i++) clients.push(openDatabase(database.url, { max: 10 }))
})
afterAll(async () => {
  for (const client of clients) await client.close()
  await database.drop()
})

const aLocation = () => `loc-${opaqueId()}` as LocationId
/** Notes when a request would leave instead of waiting for it. */
function noting(leaves: number[]): Clock {
  return { ...systemClock, sleep: (ms) => Promise.resolve(void leaves.push(performance.now() + ms)) }
}
const most = (times: number[], windowMs: number) => {
  const sorted = [...times].sort((a, b) => a - b)
  let count = 0
  for (let from = 0, to = 0; to < sorted.length; to++) {
    while (sorted[to]! - sorted[from]! > windowMs) from++
    count = Math.max(count, to - from + 1)
  }
  return count
}

test('no ten seconds ever hold more than 100 requests of a sub-account, whoever sends them', async () => {
  const location = aLocation()
  await Promise.all(
    clients.flatMap(({ db }) => Array.from({ length: 10 }, () => db.execute(sql`select pg_sleep(0.2)`))),
  )
  const startedAt = performance.now()
  const outcomes = await Promise.all(
    Array.from({ length: 150 }, async (_, i) => {
      const waits: number[] = []
      const budget = createRequestBudget(clients[i % clients.length]!.db, noting(waits))
      return await budget.take(location).then(
        () => waits[0] ?? performance.now(),
        () => null,
      )
    }),
  )
  /** What a slow machine adds: moments pass while they are asked for, and a request leaves after its own. */
  const late = Math.ceil((performance.now() - startedAt) / documented.everyMs)
  const leaves = outcomes.filter((at) => at !== null)
  expect(most(leaves, 10_000)).toBeLessThanOrEqual(97 + late)
  // About ten seconds' worth is promised ahead, the rest is told to come back.
  expect(leaves.length).toBeGreaterThan(90)
  expect(leaves.length).toBeLessThan(110 + late)
})

test('a few at once need not wait, the next do', async () => {
  const location = aLocation()
  const leaves: number[] = []
  const budget = createRequestBudget(clients[0]!.db, noting(leaves), 2_000)
  for (let i = 0; i < 6; i++) await budget.take(location)
  expect(leaves).toEqual([])
  for (let i = 0; i < 3; i++) await budget.take(location)
  expect(leaves.length).toBe(3)
})

test('sub-accounts do not wait for each other', async () => {
  const leaves: number[] = []
  const budget = createRequestBudget(clients[0]!.db, noting(leaves))
  const busy = aLocation()
  for (let i = 0; i < 20; i++) await budget.take(busy)
  leaves.length = 0
  await budget.take(aLocation())
  expect(leaves).toEqual([])
})

test('after the CRM said no, nobody asks until then', async () => {
  const location = aLocation()
  const leaves: number[] = []
  const [one, other] = clients.map(({ db }) => createRequestBudget(db, noting(leaves)))
  await one!.exhausted(location, 3_600_000)
  const error = await other!.take(location).catch((refused: unknown) => refused)
  expect(error).toMatchObject({ kind: 'try_later' })
  const { retryAfterMs } = error as { retryAfterMs: number }
  expect(retryAfterMs).toBeGreaterThan(3_590_000)
  expect(retryAfterMs).toBeLessThanOrEqual(3_600_000)
})

describe('what the CRM’s answers announce', () => {
  let kit: BridgeKit
  beforeAll(async () => void (kit = await startBridgeKit()))
  afterAll(() => kit.close())
  const rowOf = async (location: LocationId) =>
    (await kit.ctx.db.select().from(crmBudgets).where(eq(crmBudgets.locationId, location)))[0]
  const ask = (location: LocationId) => kit.ctx.highlevel.forSubAccount(location).getLocation()

  test('is what is kept to, nine tenths of it, by every process', async () => {
    const location = await kit.subAccount()
    await kit.crm.set({ limits: { max: 10, intervalMs: 2_000, daily: 1_000 } })
    await ask(location)
    expect(await rowOf(location)).toMatchObject({ everyMs: 223, burstMs: 0, perDay: 900 })

    const other = createRequestBudget(kit.ctx.db, noting([]))
    const [at] = await kit.ctx.db.execute<{ now: string }>(sql`select clock_timestamp() as now`)
    for (let i = 0; i < 20; i++) await other.take(location)
    expect((await rowOf(location))!.spentUntil.getTime() - new Date(at!.now).getTime()).toBeGreaterThanOrEqual(20 * 223)

    await kit.crm.set({ limits: { max: 100, intervalMs: 10_000, daily: 200_000 } })
    await kit.ctx.db.execute(sql`update crm_budgets set spent_until = now() where location_id = ${location}`)
    await ask(location)
    expect(await rowOf(location)).toMatchObject({ ...documented, perDay: 180_000 })
  })

  test('of the day leaves the CRM no need to refuse: it is asked once an hour until the next day', async () => {
    const location = await kit.subAccount()
    await kit.crm.set({ limits: { daily: 20 } })
    let answered = 0
    const refused = await (async () => {
      for (; ; answered++) await ask(location)
    })().catch((error: unknown) => error)
    await kit.crm.set({ limits: { daily: 200_000 } })
    expect(refused).toMatchObject({ kind: 'try_later', status: undefined })
    expect((refused as CrmError).retryAfterMs).toBeGreaterThan(3_500_000)
    expect(answered).toBeGreaterThan(10)
    expect(answered).toBeLessThan(20)
    const other = createRequestBudget(kit.ctx.db, noting([]))
    await expect(other.take(location)).rejects.toMatchObject({ kind: 'try_later' })
  })
})

test('so many a day are asked, and no more, whatever the answers say; the next day begins anew', async () => {
  const { db } = clients[0]!
  const location = aLocation()
  const budget = createRequestBudget(db, noting([]))
  await budget.take(location)
  await db.execute(sql`update crm_budgets set day_count = 179999 where location_id = ${location}`)
  await budget.take(location)
  const refused = await budget.take(location).catch((error: unknown) => error as CrmError)
  expect(refused).toMatchObject({ kind: 'try_later' })
  expect((refused as CrmError).retryAfterMs).toBeLessThanOrEqual(24 * 3_600_000)
  await db.execute(sql`update crm_budgets set day = day - 1 where location_id = ${location}`)
  await budget.take(location)
})
