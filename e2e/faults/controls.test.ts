// A rule counts only if its absence shows: each of these takes one away and asks the same judge as kill.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chaos, comeToRest, type Cycle } from './chaos'
import { describeVerdict, type Verdict } from './checker'
import type { Rate } from './load'
import type { Rule } from './rules'
import { seed } from './settings'
import { FaultWorld, type Chat } from './world'

const sessionsEach = 2
let world: FaultWorld
/** Those each control writes to are its own: what one of them lost or broke is no other's. */
let unused: Chat[][]
beforeAll(async () => {
  world = await FaultWorld.start({ seed, sessions: 4 * sessionsEach, chatsEach: 16 })
  await world.startWorker()
  await world.people()
  await world.warmUp()
  const ofSession = Object.values(Object.groupBy(world.chats, ({ owner }) => owner)).map((chats) => chats!)
  unused = Array.from({ length: 4 }, (_, n) => ofSession.slice(n * sessionsEach, (n + 1) * sessionsEach).flat())
}, 600_000)
afterAll(() => world?.close(), 60_000)

interface Control {
  without?: Rule[]
  afterKill?: (world: FaultWorld) => Promise<void>
  cycle: Cycle
  rate: Rate
  /** How much of the symptom there is. */
  symptom: (verdict: Verdict) => string[]
}

/** Kills until the symptom shows, a few times at most: chance decides what a kill meets. */
async function run({ without, afterKill, cycle, rate, symptom }: Control): Promise<string[]> {
  await Promise.all([...world.workers].map((worker) => worker.stop()))
  world.goOnWith(unused.shift()!)
  world.without = without ?? []
  await Promise.all([world.startWorker(), world.startWorker()])
  for (let kills = 1; ; kills++) {
    await chaos(world, { cycles: [cycle], rate, workers: 2, ...(afterKill ? { afterKill } : {}) })
    const verdict = await comeToRest(world)
    if (symptom(verdict).length > 0 || kills === 10) {
      console.log(`seed ${seed}, ${kills} kills:\n  ${describeVerdict(verdict)}`)
      return symptom(verdict)
    }
  }
}

const outOnly: Rate = { out: 10, into: 0 }
const inOnly: Rate = { out: 0, into: 10 }

test('without its keys stored before it leaves, a strict phone drops what goes after it', async () => {
  const lost = await run({
    without: ['keysFirst'],
    // Others of the session go first.
    async afterKill({ sql }) {
      await sql`
        update lanes set busy_by = null, busy_epoch = null, due_at = now() + interval '8 seconds'
        where session_id is not null and busy_by is not null`
    },
    cycle: { kind: 'point', point: 'after_wa_write' },
    rate: outOnly,
    symptom: ({ outbound }) => [...outbound.lost, ...outbound.lostCopies],
  })
  expect(lost).not.toEqual([])
}, 600_000)

test('without what is in doubt going again at all, messages are lost', async () => {
  const lost = await run({
    async afterKill({ sql }) {
      await sql`update deliveries set state = 'done', unsettled = false where kind = 'send' and unsettled`
      await sql`update parts set state = 'accepted' where state = 'sending'`
    },
    cycle: { kind: 'point', point: 'before_wa_write' },
    rate: outOnly,
    symptom: ({ outbound }) => outbound.lost,
  })
  expect(lost).not.toEqual([])
}, 600_000)

test('without one id for all attempts, people see messages twice', async () => {
  const seenTwice = await run({
    without: ['sameId'],
    cycle: { kind: 'point', point: 'after_ack' },
    rate: outOnly,
    symptom: ({ outbound }) => outbound.duplicates,
  })
  expect(seenTwice).not.toEqual([])
}, 600_000)

test('without the inbox, what was read and not yet handed on is lost, or asked for again and comes too late', async () => {
  const harmed = await run({
    afterKill: async ({ sql }) => void (await sql`delete from whatsapp_inbox where heard_at is null`),
    cycle: { kind: 'point', point: 'after_inbox_commit' },
    rate: inOnly,
    symptom: ({ inbound }) => [...inbound.lost, ...inbound.reordered],
  })
  expect(harmed).not.toEqual([])
}, 600_000)
