/**
 * Answers that stay open, such as event streams. `next start` waits for every answer before it stops, so on a stop signal
 * they are closed; readers come back to another process.
 */
const held = globalThis as { trunklineStreams?: { closers: Map<() => void, string>; isClosing: boolean } }
const streams = (held.trunklineStreams ??= { closers: new Map(), isClosing: false })

/** More tabs than a person looks at; each costs a timer and a look at the database every few seconds. */
const mostOfOnePerson = 20

export function mayOpenAnother(person: string): boolean {
  let count = 0
  for (const of of streams.closers.values()) if (of === person) count += 1
  return count < mostOfOnePerson
}

/** Keeps `close` until the stream's end; returns how to let go of it. */
export function registerStream(person: string, close: () => void): () => void {
  if (streams.isClosing) queueMicrotask(close)
  else streams.closers.set(close, person)
  return () => void streams.closers.delete(close)
}

export function closeOpenStreams(): void {
  streams.isClosing = true
  for (const close of [...streams.closers.keys()]) close()
  streams.closers.clear()
}
