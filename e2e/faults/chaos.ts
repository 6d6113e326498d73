// Cycles of killing and coming back, under load, and the settling afterwards.
import { judge, outstanding, type Verdict } from './checker'
import type { HistoryEvent } from '../emulators/history'
import { lastNumber, receive, startLoad, type Rate } from './load'
import type { FaultPoint } from '@/lib/channel/channel'
import type { WorkerProcess } from './processes'
import { until } from './until'
import type { DatabaseEnd, FaultWorld } from './world'

export type Cycle =
  | { kind: 'random' }
  | { kind: 'point'; point: FaultPoint }
  /** Everybody dies, people go on writing, and whoever comes back dies in the middle of what waited. */
  | { kind: 'catch-up' }
  | { kind: 'database'; how: DatabaseEnd }

export interface Toll {
  kills: number
  /** Kills after which the database showed parts in `sending`. */
  metSending: number
  /** Kills at which handing over a backlog had begun and not ended. */
  metCatchUp: number
  databaseEnds: number
  /** Workers that ended although nobody killed them. */
  unbidden: number
  cycles: number
}

export const verdictOf = ({ network, emulator, judgedFrom }: FaultWorld): Verdict =>
  judge({ whatsapp: network.history.since(judgedFrom.whatsapp), crm: emulator.history.since(judgedFrom.crm) })

/** What the emulators have seen so far; the same twice: nothing crossed in between. */
const positions = ({ network, emulator }: FaultWorld) => `${network.history.last()} ${emulator.history.last()}`

/** Waits until nothing more can come: the product has nothing left to do, and nothing crosses for a second and a half. */
export async function comeToRest(world: FaultWorld): Promise<Verdict> {
  let at = ''
  let since = 0
  await until('nothing left to cross', async () => {
    if (positions(world) !== at || !(await world.isAtRest())) {
      at = positions(world)
      since = performance.now()
    }
    return performance.now() - since > 1_500
  })
  return verdictOf(world)
}

/** Longer than the product takes to notice anything by itself. */
const quietMs = 120_000

/** Waits until nothing is outstanding, or until nothing more comes. */
export async function settle(world: FaultWorld, measure = outstanding): Promise<Verdict> {
  let least = Infinity
  let since = performance.now()
  for (;;) {
    const verdict = verdictOf(world)
    const left = measure(verdict)
    if (left === 0) return verdict
    if (left < least) {
      least = left
      since = performance.now()
    }
    if (performance.now() - since > quietMs) return verdict
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

export interface ChaosOptions {
  cycles: Iterable<Cycle>
  rate: Rate
  /** Workers alive between the cycles. */
  workers: number
  /** Runs after each kill, before anybody takes over: how a control takes a rule away. */
  afterKill?: (world: FaultWorld) => Promise<void>
}

export async function chaos(world: FaultWorld, options: ChaosOptions): Promise<Toll> {
  const toll: Toll = { kills: 0, metSending: 0, metCatchUp: 0, databaseEnds: 0, unbidden: 0, cycles: 0 }
  const load = startLoad(world, options.rate)

  async function afterDeath(): Promise<void> {
    toll.kills += 1
    if ((await world.partsInSending()) > 0) toll.metSending += 1
    await options.afterKill?.(world)
  }

  async function refill(): Promise<void> {
    while (world.workers.length < options.workers) await world.startWorker()
  }

  async function dieAt(point: FaultPoint, most: number): Promise<void> {
    const nth = world.between(1, most)
    const before = [...world.workers]
    const first = Promise.race(before.map((worker) => worker.ended))
    await Promise.all(before.map((worker) => worker.order({ point, nth })))
    await until(`a worker reaching ${point}`, () => Promise.race([first.then(() => true), pause(1_000)]))
    await Promise.all(before.map((worker) => worker.order({ point: null, nth: 0 })))
    await afterDeath()
  }

  async function run(cycle: Cycle): Promise<void> {
    switch (cycle.kind) {
      case 'random': {
        await pause(world.between(100, 1_500))
        await kill(await world.busiest())
        return
      }
      case 'point':
        return dieAt(cycle.point, 6)
      case 'catch-up': {
        for (const worker of [...world.workers]) worker.signal('SIGKILL')
        await until('everybody gone', () => world.workers.length === 0)
        await afterDeath()
        await receive(world, 150)
        await world.startWorker()
        await dieAt('after_inbox_commit', 60)
        if (isMidBacklog(world)) toll.metCatchUp += 1
        return
      }
      case 'database': {
        await pause(world.between(100, 1_000))
        const before = [...world.workers]
        await world.restartDatabase(cycle.how)
        toll.databaseEnds += 1
        toll.unbidden += before.filter(({ isAlive }) => !isAlive).length
      }
    }
  }

  async function kill(worker: WorkerProcess | undefined): Promise<void> {
    if (!worker) throw new Error('there is no worker to kill')
    worker.signal('SIGKILL')
    await worker.ended
    await afterDeath()
  }

  try {
    for (const cycle of options.cycles) {
      await run(cycle)
      const since = lastNumber(world)
      const left = [...world.workers]
      await refill()
      await cameBack(world, options.rate, since)
      toll.unbidden += left.filter(({ isAlive }) => !isAlive).length
      toll.cycles += 1
    }
  } finally {
    await load.stop()
  }
  return toll
}

/** Something written after `since` has crossed, both ways. */
async function cameBack(world: FaultWorld, rate: Rate, since: number): Promise<void> {
  const isLater = (event: HistoryEvent) => Number(String(event.text).split(' ')[1]) > since
  await until('messages crossing again', () => {
    const shown = world.network.history
      .since(0)
      .findLast((event) => event.kind === 'shown' && event.direction === 'in' && Number(event.device) > 0)
    const posted = world.emulator.history.since(0).findLast((event) => event.kind === 'message-posted')
    return (!rate.out || (shown && isLater(shown))) && (!rate.into || (posted && isLater(posted)))
  })
}

/** Some of a backlog was handed over and not confirmed. */
function isMidBacklog(world: FaultWorld): boolean {
  const open = new Set<string>()
  for (const event of world.network.history.since(0)) {
    if (event.kind === 'delivered-to-companion' && event.isOffline) open.add(String(event.id))
    if (event.kind === 'receipt-from-companion') for (const id of event.ids as string[]) open.delete(id)
  }
  return open.size > 0
}

const pause = (ms: number) => new Promise<false>((resolve) => setTimeout(() => resolve(false), ms))
