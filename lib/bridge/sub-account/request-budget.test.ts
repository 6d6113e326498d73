import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { systemClock, type Clock } from '@/lib/clock'
import { opaqueId, type LocationId } from '@/lib/ids'
import { createRequestBudget, stepMs } from './request-budget'

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
  const late = Math.ceil((performance.now() - startedAt) / stepMs)
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
