// What a message costs, here and by bare Baileys, in one run on one machine. One JSON line per figure, then a table.
import '@/e2e/emulators/quiet-libsignal'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerProcess } from '@/e2e/faults/processes'
import { FaultWorld, type Chat } from '@/e2e/faults/world'
import { runCommand } from '@/scripts/command'
import { acceptedSince, postedSince, shownSince, tickedSince } from './crossed'
import { startFloor, type Cost } from './floor'
import { cpuMs, median, percentile, rssMb } from './measure'

const sessions = Number(process.env.BENCH_SESSIONS ?? 50)
const chatsEach = Number(process.env.BENCH_CHATS ?? 4)
const messages = Number(process.env.BENCH_MESSAGES ?? 2_000)
/** Product and floor take turns, so that a machine that changes its pace changes it for both; medians are told. */
const rounds = Number(process.env.BENCH_ROUNDS ?? 3)
const steadyPerSecond = 20
const steadySeconds = Number(process.env.BENCH_SECONDS ?? 15)
/** A folder for CPU profiles of the measured spans; the figures of such a run are too high. */
const profile = process.env.BENCH_PROFILE
/** As many again before anything is measured, or the first thousand messages mostly measure the compiler. */
const warmUp = Number(process.env.BENCH_WARM_UP ?? 1_000)

interface Figure {
  figure: string
  value: number
  unit: string
}
const figures: Figure[] = []
function tell(figure: string, value: number, unit: string): void {
  const line = { figure, value: Number(value.toPrecision(4)), unit }
  figures.push(line)
  console.log(JSON.stringify(line))
}

runCommand(async () => {
  if (process.platform !== 'linux') throw new Error('The benchmarks read /proc and run on Linux only.')
  process.env.LOG_LEVEL ??= 'warn'
  const world = await FaultWorld.start({ seed: 1, sessions, chatsEach, crm: { limits: { enforced: false } } })
  try {
    await measure(world)
  } finally {
    await world.close()
  }
  const width = Math.max(...figures.map(({ figure }) => figure.length))
  console.log('')
  for (const { figure, value, unit } of figures)
    console.log(`${figure.padEnd(width)}  ${String(value).padStart(8)} ${unit}`)
})

async function measure(world: FaultWorld): Promise<void> {
  const node = process.version
  console.log(JSON.stringify({ node, sessions, chats: sessions * chatsEach, messages }))
  const worker = await world.startWorker({ file: 'bench/worker.ts' })
  await world.people(1)
  tell('worker memory at 1 session', rssMb(worker.pid), 'MB')
  if (sessions > 1) await world.people(sessions - 1)
  tell(`worker memory at ${sessions} sessions`, rssMb(worker.pid), 'MB')
  await world.warmUp()

  const floor = await startFloor(world, { sessions, chatsEach, warmUp, profile })
  const outbound: Run[] = []
  const inbound: Run[] = []
  const backlog: Cost[] = []
  const floorOutbound: Cost[] = []
  const floorInbound: Cost[] = []
  await outward(world, warmUp, 'start')
  await inward(world, warmUp, 'start')
  await drain(world, worker, 1)
  for (let round = 0; round < rounds; round++) {
    outbound.push(await run(world, worker, 'outbound', (count, mark) => outward(world, count, mark)))
    floorOutbound.push(await floor.outbound(messages))
    inbound.push(await run(world, worker, 'inbound', (count, mark) => inward(world, count, mark)))
    floorInbound.push(await floor.inbound(messages))
    backlog.push(await drain(world, worker, messages))
  }
  tellCost('outbound, worker', outbound)
  tellMedian('outbound web CPU', outbound, ({ web }) => web, 'ms/message')
  tellCost('inbound, worker', inbound)
  tellMedian('inbound web CPU', inbound, ({ web }) => web, 'ms/message')
  tellCost('outbound from a backlog, worker', backlog)
  tellCost('floor outbound', floorOutbound)
  tellCost('floor inbound', floorInbound)
  tellRatio('outbound worker CPU by floor', outbound, floorOutbound)
  tellRatio('outbound worker CPU from a backlog by floor', backlog, floorOutbound)
  tellRatio('inbound worker CPU by floor', inbound, floorInbound)
  const withWeb = outbound.map(({ cpuMsEach, web }) => ({ cpuMsEach: cpuMsEach + web }))
  tellRatio('outbound worker and web CPU by floor', withWeb, floorOutbound)
  // A process that mostly waits costs more for each thing it does.
  const pace = (costs: Cost[]) => median(costs.map(({ perSecond }) => perSecond))
  tellRatio('outbound worker CPU by floor at the same pace', outbound, [await floor.outbound(messages, pace(outbound))])
  tellRatio('inbound worker CPU by floor at the same pace', inbound, [await floor.inbound(messages, pace(inbound))])
  tell(`floor memory at ${sessions} sessions`, floor.rssMb(), 'MB')
  await floor.stop()

  const out = await steady(world, (count, mark) => outward(world, count, mark))
  const into = await steady(world, (count, mark) => inward(world, count, mark))
  for (const [way, times] of [
    ['outbound, webhook accepted to read by the recipient', out],
    ['inbound, sent to shown in the CRM', into],
  ] as const) {
    tell(`${way}, p50 at ${steadyPerSecond}/s`, percentile(times, 0.5), 'ms')
    tell(`${way}, p99 at ${steadyPerSecond}/s`, percentile(times, 0.99), 'ms')
  }
  tell('worker memory after all', rssMb(worker.pid), 'MB')
  await worker.stop()
}

interface Run extends Cost {
  /** CPU milliseconds of the web, a message. */
  web: number
}

/** Sends so many and resolves, once each was seen, with what each took in ms. */
type Cross = (count: number, mark: string) => Promise<number[]>

async function run(world: FaultWorld, worker: WorkerProcess, name: string, cross: Cross): Promise<Run> {
  if (profile) await worker.order({ profile: 'start' })
  const before = { worker: cpuMs(worker.pid), web: cpuMs(world.web.pid), at: performance.now() }
  await cross(messages, 'load')
  const run = {
    perSecond: messages / ((performance.now() - before.at) / 1000),
    cpuMsEach: (cpuMs(worker.pid) - before.worker) / messages,
    web: (cpuMs(world.web.pid) - before.web) / messages,
  }
  if (profile) await worker.order({ profile: 'stop', file: `${profile}/worker-${name}.cpuprofile` })
  return run
}

/** Well within what a worker may stand still for without losing its sessions. */
const longestPauseMs = 8_000

/**
 * Messages that waited for the worker, so that it sends as fast as it can, as the floor does, and not as fast as the web can
 * accept. It stands still while they are written; ticks are counted as ever.
 */
async function drain(world: FaultWorld, worker: WorkerProcess, atLeast: number): Promise<Cost> {
  const total = { count: 0, cpu: 0, ms: 0 }
  while (total.count < atLeast) {
    const since = { whatsapp: world.network.history.last(), crm: world.emulator.history.last() }
    const texts = new Set<string>()
    worker.signal('SIGSTOP')
    const stoppedAt = performance.now()
    while (total.count + texts.size < atLeast && performance.now() - stoppedAt < longestPauseMs) {
      const items = plan(world, 100, 'backlog')
      await world.crm.writeMany(items.map(({ chat, text }) => ({ contactId: chat.contactId, text })))
      for (const { text } of items) texts.add(text)
      await acceptedSince(world, since.crm, texts.size)
    }
    const [cpu, at] = [cpuMs(worker.pid), performance.now()]
    worker.signal('SIGCONT')
    await shownSince(world, since.whatsapp, texts)
    const shownAt = performance.now()
    await tickedSince(world, since.crm, texts.size)
    total.count += texts.size
    total.cpu += cpuMs(worker.pid) - cpu
    total.ms += shownAt - at
  }
  return { perSecond: total.count / (total.ms / 1000), cpuMsEach: total.cpu / total.count }
}

async function steady(world: FaultWorld, cross: Cross): Promise<number[]> {
  const all: Promise<number[]>[] = []
  for (let second = 0; second < steadySeconds * 2; second++) {
    all.push(cross(steadyPerSecond / 2, `steady ${second}`))
    await sleep(500)
  }
  return (await Promise.all(all)).flat()
}

let round = 0
function plan(world: FaultWorld, count: number, mark: string): { chat: Chat; text: string }[] {
  const name = `${mark} ${++round}`
  return Array.from({ length: count }, (_, n) => ({ chat: world.chats[n % world.chats.length]!, text: `${name} ${n}` }))
}

async function outward(world: FaultWorld, count: number, mark: string): Promise<number[]> {
  const since = { whatsapp: world.network.history.last(), crm: world.emulator.history.last() }
  const items = plan(world, count, `out ${mark}`)
  const ids = await world.crm.writeMany(items.map(({ chat, text }) => ({ contactId: chat.contactId, text })))
  const seen = await shownSince(world, since.whatsapp, new Set(items.map(({ text }) => text)))
  const accepted = new Map<string, number>()
  for (const event of world.emulator.history.since(since.crm))
    if (event.kind === 'webhook' && event.status === 200) accepted.set(String(event.messageId), event.stamp)
  // The ticks are part of what a message costs.
  if (count > steadyPerSecond) await tickedSince(world, since.crm, count)
  return items.map(({ text }, n) => seen.get(text)! - accepted.get(ids[n]!)!)
}

async function inward(world: FaultWorld, count: number, mark: string): Promise<number[]> {
  const since = { whatsapp: world.network.history.last(), crm: world.emulator.history.last() }
  const items = plan(world, count, `in ${mark}`)
  for (let n = 0; n < count; n += 200)
    await world.phones.sendMany(
      items.slice(n, n + 200).map(({ chat, text }) => ({ from: chat.person, to: chat.owner, text })),
    )
  const seen = await postedSince(world, since.crm, new Set(items.map(({ text }) => text)))
  const sent = new Map<string, number>()
  for (const event of world.network.history.since(since.whatsapp))
    if (event.kind === 'sent-by-person') sent.set(String(event.text), event.stamp)
  return items.map(({ text }) => seen.get(text)! - sent.get(text)!)
}

function tellMedian<T>(figure: string, of: readonly T[], value: (one: T) => number, unit: string): void {
  tell(figure, median(of.map(value)), unit)
}

function tellCost(name: string, costs: readonly Cost[]): void {
  tellMedian(`${name} throughput`, costs, ({ perSecond }) => perSecond, 'messages/s')
  tellMedian(`${name} CPU`, costs, ({ cpuMsEach }) => cpuMsEach, 'ms/message')
}

/** Round by round, or all by the one that was measured. */
function tellRatio(
  figure: string,
  ours: readonly Pick<Cost, 'cpuMsEach'>[],
  floor: readonly Pick<Cost, 'cpuMsEach'>[],
): void {
  const ratios = ours.map(({ cpuMsEach }, round) => cpuMsEach / (floor[round] ?? floor[0]!).cpuMsEach)
  tell(figure, median(ratios), 'times')
  if (ratios.length > 1) console.log(JSON.stringify({ rounds: ratios.map((ratio) => Number(ratio.toPrecision(4))) }))
}
