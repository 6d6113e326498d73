import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HistoryEvent } from '../emulators/history'
import { settle, verdictOf } from './chaos'
import { clean, describeVerdict, outstanding, type Verdict } from './checker'
import { startLoad, write } from './load'
import { lengthened, seed } from './settings'
import { until } from './until'
import { FaultWorld } from './world'

let world: FaultWorld

beforeAll(async () => {
  world = await FaultWorld.start({ seed, sessions: 10, chatsEach: 5, webhookRetryMs: 1_500 })
  await world.startWorker()
  await world.people()
  await world.warmUp()
}, 600_000)
afterAll(() => world?.close(), 60_000)

const answers = (since: number): HistoryEvent[] =>
  world.emulator.history
    .since(since)
    .filter(({ kind, destination }) => kind === 'webhook' && destination === 'delivery')
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** What the CRM gave up telling is looked for later; it may or may not have been stored. */
const crossing = (verdict: Verdict) => outstanding(verdict) - verdict.outbound.unfound.length

test('what was answered 2xx is never lost, however the web dies', async () => {
  const load = startLoad(world, { out: 30, into: 0 })
  let kills = 0
  for (const _ of lengthened([1, 2, 3, 4])) {
    const since = world.emulator.history.last()
    await until('webhooks being taken', () => answers(since).some(({ status }) => status === 200))
    await pause(world.between(50, 400))
    world.web.signal('SIGKILL')
    await world.web.ended
    kills += 1
    await world.startWeb()
  }
  await load.stop()
  await world.crm.webhooksIdle()
  const verdict = await settle(world, crossing)
  console.log(`seed ${seed}: web killed ${kills} times\n  ${describeVerdict(verdict)}`)
  expect(kills).toBeGreaterThan(0)
  expect(verdict.outbound).toMatchObject(clean)
}, 3_600_000)

test('while the database is away the CRM is told to come again, and nothing else', async () => {
  const since = world.emulator.history.last()
  const load = startLoad(world, { out: 20, into: 0 })
  await until('webhooks being taken', () => answers(since).length > 5)
  await world.stopDatabase()
  // What was stored just before is answered still, within a second and a half.
  await pause(3_000)
  const downAt = world.emulator.history.last()
  await until('webhooks being refused', () => answers(downAt).filter(({ status }) => status === 429).length >= 20)
  const upAt = world.emulator.history.last()
  await world.startDatabase()
  await load.stop()
  await world.crm.webhooksIdle()
  const told = answers(since)
  const statuses = Object.groupBy(told, ({ status }) => String(status))
  console.log(
    `seed ${seed}: answers ${JSON.stringify(Object.fromEntries(Object.entries(statuses).map(([status, all]) => [status, all!.length])))}`,
  )
  expect(Object.keys(statuses).sort()).toEqual(['200', '429'])
  expect(statuses['429']!.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true)
  expect(
    answers(downAt).filter(({ n, status }) => n <= upAt && status === 200).length,
    'taken without a database',
  ).toBe(0)
  const verdict = await settle(world, crossing)
  expect(verdict.outbound).toMatchObject(clean)
}, 600_000)

test('what the CRM gave up telling leaves all the same, once', async () => {
  const given = verdictOf(world).outbound.refused.length
  await world.sql`update sub_accounts set compare_at = now()`
  await world.sql`select pg_notify('trunkline_jobs', 'recover-outbound')`
  const verdict = await settle(world, ({ outbound }) => outbound.unfound.length)
  console.log(`seed ${seed}: ${given} given up by the CRM\n  ${describeVerdict(verdict)}`)
  expect(given).toBeGreaterThan(0)
  expect(verdict.outbound).toMatchObject({ ...clean, unfound: [], changedIds: [] })
}, 600_000)

test('one message, told one to five times at once, is sent once', async () => {
  const before = verdictOf(world).outbound.expected
  await world.crm.set({ webhooks: { duplicate: 0.7 } })
  const since = world.emulator.history.last()
  // One in each chat: a repeat may overtake what was written after it, and the order of arrival counts.
  for (const chat of world.chats) await write(world, 1, [chat])
  const first = await until('every message told', () => {
    const told = new Map(
      answers(since).map((event) => [String(event.messageId), String(event.webhookId).split('+')[0]!]),
    )
    return told.size === world.chats.length && told
  })
  await Promise.all(
    [...first.values()].flatMap((id) => Array.from({ length: world.between(0, 3) }, () => world.crm.resendWebhook(id))),
  )
  await world.crm.webhooksIdle()
  const times = Object.values(Object.groupBy(answers(since), ({ messageId }) => String(messageId))).map(
    (all) => all!.length,
  )
  const verdict = await settle(world, crossing)
  console.log(`seed ${seed}: told ${Math.min(...times)} to ${Math.max(...times)} times\n  ${describeVerdict(verdict)}`)
  expect(Math.max(...times)).toBeGreaterThan(2)
  // A machine that is slow may ask for one of so many at once again, but is never in want of another answer.
  expect(answers(since).filter(({ status }) => status !== 200 && status !== 429)).toEqual([])
  expect(verdict.outbound.expected).toBe(before + world.chats.length)
  expect(verdict.outbound).toMatchObject({ ...clean, changedIds: [] })
}, 600_000)
