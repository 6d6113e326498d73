// People writing at both ends, at a steady pace, each chat in its own order.
import type { Chat, FaultWorld } from './world'

export interface Load {
  readonly outbound: number
  readonly inbound: number
  /** Stops writing; resolves when the last message was handed over. */
  stop(): Promise<void>
}

const tickMs = 100

/** Messages a second, each way. */
export type Way = 'out' | 'in'

export interface Rate {
  out: number
  into: number
}

/** Spread over the chats by the world's seeded chance. */
export function startLoad(world: FaultWorld, rate: Rate): Load {
  let stopped = false
  let outbound = 0
  let inbound = 0
  const startedAt = performance.now()

  async function tick(): Promise<void> {
    // By the clock and not by ticks, so that a busy machine does not lower the load.
    const seconds = (performance.now() - startedAt) / 1000
    const [out, into] = [Math.floor(seconds * rate.out), Math.floor(seconds * rate.into)]
    // A pause of the whole machine must not become a flood.
    await Promise.all([
      write(world, Math.min(out - outbound, rate.out)),
      receive(world, Math.min(into - inbound, rate.into)),
    ])
    outbound = out
    inbound = into
  }

  const running = (async () => {
    while (!stopped) {
      await tick()
      await new Promise((resolve) => setTimeout(resolve, tickMs))
    }
  })()
  return {
    get outbound() {
      return outbound
    },
    get inbound() {
      return inbound
    },
    async stop() {
      stopped = true
      await running
    },
  }
}

/** How many messages were written so far, both ways: the number in the newest text. */
export const lastNumber = (world: FaultWorld): number => numbers.get(world) ?? 0

const numbers = new WeakMap<FaultWorld, number>()
function text(world: FaultWorld, way: Way): string {
  const n = (numbers.get(world) ?? 0) + 1
  numbers.set(world, n)
  return `${way} ${n}`
}

export async function write(world: FaultWorld, count: number, chats: readonly Chat[] = world.chats): Promise<string[]> {
  if (count <= 0) return []
  const items = Array.from({ length: count }, () => ({
    contactId: world.pick(chats).contactId,
    text: text(world, 'out'),
  }))
  await world.crm.writeMany(items)
  return items.map((item) => item.text)
}

export async function receive(
  world: FaultWorld,
  count: number,
  chats: readonly Chat[] = world.chats,
): Promise<string[]> {
  if (count <= 0) return []
  const messages = Array.from({ length: count }, () => {
    const chat = world.pick(chats)
    return { from: chat.person, to: chat.owner, text: text(world, 'in') }
  })
  await world.phones.sendMany(messages)
  return messages.map((message) => message.text)
}

/** One message in every chat. */
export async function writeOnce(world: FaultWorld, ways: readonly Way[]): Promise<void> {
  for (const chat of world.chats) {
    if (ways.includes('out')) await write(world, 1, [chat])
    if (ways.includes('in')) await receive(world, 1, [chat])
  }
}
