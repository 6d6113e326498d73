import { spawnNode, stopChild } from '@/scripts/children'
import type { FaultWorld } from '@/e2e/faults/world'
import type { FloorChat, FloorOrder } from './floor-process'
import { cpuMs, rssMb } from './measure'
import { shownSince } from './crossed'

/** Bare Baileys, connected and waiting. With a pace things happen that often; without one, as fast as they can. */
export interface Floor {
  outbound(count: number, perSecond?: number): Promise<Cost>
  inbound(count: number, perSecond?: number): Promise<Cost>
  rssMb(): number
  stop(): Promise<void>
}
export interface Cost {
  perSecond: number
  cpuMsEach: number
}

/** The same number of sessions and chats as the product's, on the same network. */
export async function startFloor(
  world: FaultWorld,
  options: { sessions: number; chatsEach: number; warmUp: number; profile?: string | undefined },
): Promise<Floor> {
  const { phones } = world
  const owners = await phones.createMany(Array.from({ length: options.sessions }, () => ({ name: 'Floor' })))
  const people = await phones.createMany(
    Array.from({ length: options.sessions * options.chatsEach }, () => ({ name: 'Person' })),
  )
  const chats: FloorChat[] = people.map(({ number }, index) => ({
    owner: owners[Math.floor(index / options.chatsEach)]!.number,
    person: number,
  }))
  const child = spawnNode({
    name: 'floor',
    file: 'bench/floor-process.ts',
    env: {
      ...process.env,
      FLOOR_NETWORK: world.network.webSocketUrl,
      FLOOR_ROOT: world.network.rootPublicKey,
      FLOOR_PHONES: world.network.url,
      FLOOR_OWNERS: owners.map(({ number }) => number).join(','),
    },
  })
  const hears = (what: string) =>
    new Promise<void>((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the floor ended (${code}) before it was ${what}`))
      const hear = (message: unknown) => {
        if (typeof message !== 'object' || message === null || !(what in message)) return
        child.off('message', hear)
        child.off('exit', ended)
        resolve()
      }
      child.on('message', hear)
      child.once('exit', ended)
    })
  await hears('ready')
  const pid = child.pid!
  const order = (given: FloorOrder) => child.send(given)

  async function send(count: number, mark: string, perSecond?: number): Promise<Cost> {
    const send = Array.from({ length: count }, (_, n) => ({ chat: chats[n % chats.length]!, text: `${mark} ${n}` }))
    const since = world.network.history.last()
    const [cpu, at] = [cpuMs(pid), performance.now()]
    const done = hears('done')
    order({ send, ...(perSecond ? { perSecond } : {}) })
    await done
    await shownSince(world, since, new Set(send.map(({ text }) => text)))
    return cost(count, cpuMs(pid) - cpu, performance.now() - at)
  }
  async function receive(count: number, mark: string, perSecond?: number): Promise<Cost> {
    await obeyed({ expect: count })
    const [cpu, at] = [cpuMs(pid), performance.now()]
    const done = hears('done')
    const atOnce = perSecond ? Math.ceil(perSecond / 20) : 200
    const startedAt = performance.now()
    for (let n = 0; n < count; n += atOnce) {
      const waitMs = perSecond ? startedAt + (n / perSecond) * 1000 - performance.now() : 0
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      await phones.sendMany(
        Array.from({ length: Math.min(atOnce, count - n) }, (_, k) => {
          const chat = chats[(n + k) % chats.length]!
          return { from: chat.person, to: chat.owner, text: `${mark} ${n + k}` }
        }),
      )
    }
    await done
    return cost(count, cpuMs(pid) - cpu, performance.now() - at)
  }

  async function obeyed(given: FloorOrder): Promise<void> {
    const done = hears('obeyed')
    order(given)
    await done
  }
  async function measured(name: string, cross: () => Promise<Cost>): Promise<Cost> {
    if (!options.profile) return cross()
    await obeyed({ profile: 'start' })
    const found = await cross()
    await obeyed({ profile: 'stop', file: `${options.profile}/floor-${name}.cpuprofile` })
    return found
  }

  await send(chats.length, 'floor met out')
  await receive(chats.length, 'floor met in')
  await send(options.warmUp, 'floor warm out')
  await receive(options.warmUp, 'floor warm in')
  let round = 0
  return {
    outbound: (count, perSecond) => measured('outbound', () => send(count, `floor out ${++round}`, perSecond)),
    inbound: (count, perSecond) => measured('inbound', () => receive(count, `floor in ${++round}`, perSecond)),
    rssMb: () => rssMb(pid),
    stop: () => stopChild(child),
  }
}

const cost = (count: number, cpu: number, ms: number): Cost => ({
  perSecond: count / (ms / 1000),
  cpuMsEach: cpu / count,
})
