// Waits, in the emulators' histories, for messages that have crossed. A message counts once its receiver decrypted it.
import type { HistoryEvent } from '@/e2e/emulators/history'
import type { FaultWorld } from '@/e2e/faults/world'

const quietMs = 60_000

/** When each of these texts was seen: by text, the stamp. Fails when nothing comes for a minute. */
async function seenSince(
  history: FaultWorld['network']['history'],
  since: number,
  texts: ReadonlySet<string>,
  fits: (event: HistoryEvent) => boolean,
): Promise<Map<string, number>> {
  const seen = new Map<string, number>()
  let from = since
  let movedAt = performance.now()
  while (seen.size < texts.size) {
    const before = seen.size
    for (const event of history.since(from)) {
      const text = String(event.text)
      if (fits(event) && texts.has(text) && !seen.has(text)) seen.set(text, event.stamp)
      from = event.n
    }
    if (seen.size > before) movedAt = performance.now()
    if (performance.now() - movedAt > quietMs) throw new Error(`${texts.size - seen.size} messages did not cross`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return seen
}

export const shownSince = (world: FaultWorld, since: number, texts: ReadonlySet<string>) =>
  seenSince(world.network.history, since, texts, ({ kind, isOwnCopy }) => kind === 'decrypted' && !isOwnCopy)

export const postedSince = (world: FaultWorld, since: number, texts: ReadonlySet<string>) =>
  seenSince(world.emulator.history, since, texts, ({ kind }) => kind === 'message-posted')

/** Waits until the CRM was told of so many arrivals. */
export const tickedSince = (world: FaultWorld, since: number, count: number) =>
  countedSince(world, since, count, ({ kind }) => kind === 'status')

/** Waits until so many of the CRM's messages were accepted. */
export const acceptedSince = (world: FaultWorld, since: number, count: number) =>
  countedSince(world, since, count, ({ kind, status }) => kind === 'webhook' && status === 200)

async function countedSince(
  world: FaultWorld,
  since: number,
  count: number,
  fits: (event: HistoryEvent) => boolean,
): Promise<void> {
  let movedAt = performance.now()
  for (let before = -1; ;) {
    const found = world.emulator.history.since(since).filter(fits).length
    if (found >= count) return
    if (found > before) movedAt = performance.now()
    if (performance.now() - movedAt > quietMs) throw new Error(`${count - found} events of the CRM did not come`)
    before = found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
