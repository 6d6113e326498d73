import { afterAll, beforeAll, expect, test } from 'vitest'
import { chaos, settle, type Cycle } from './chaos'
import { clean, describeVerdict } from './checker'
import { explain } from './explain'
import { lengthened, seed } from './settings'
import { FaultWorld } from './world'

let world: FaultWorld

beforeAll(async () => {
  world = await FaultWorld.start({ seed, sessions: 10, chatsEach: 5 })
  await world.startWorker()
  await world.people()
  await Promise.all([world.warmUp(), world.startWorker()])
}, 600_000)
afterAll(() => world?.close(), 60_000)

const cycles: Cycle[] = [
  { kind: 'point', point: 'after_wa_write' },
  { kind: 'random' },
  { kind: 'point', point: 'before_wa_write' },
  { kind: 'database', how: 'fast' },
  { kind: 'point', point: 'after_ack' },
  { kind: 'catch-up' },
  { kind: 'database', how: 'kill' },
  { kind: 'point', point: 'after_inbox_commit' },
  { kind: 'database', how: 'immediate' },
]

test('whatever dies, every message crosses once and in order', async () => {
  const toll = await chaos(world, { cycles: lengthened(cycles), rate: { out: 20, into: 20 }, workers: 2 })
  const verdict = await settle(world)
  console.log(`seed ${seed}: ${JSON.stringify(toll)}\n  ${describeVerdict(verdict)}`)
  if (verdict.inbound.reordered.length > 0) console.log(explain(world, verdict.inbound.reordered))
  expect(verdict.outbound).toMatchObject({
    ...clean,
    // What the CRM gives up telling while the database is away is found later.
    unfound: [],
    lostCopies: [],
    changedIds: [],
    unticked: [],
    fallen: [],
  })
  expect(verdict.inbound).toMatchObject(clean)
  expect(verdict.violations).toEqual([])
  expect(verdict.retryReceipts).toBe(0)
  expect(toll.unbidden).toBe(0)
  // Every kill at a point around the write met one; a few of the others do.
  expect(toll.metSending).toBeGreaterThanOrEqual(Math.ceil(toll.cycles / 4))
}, 3_600_000)
