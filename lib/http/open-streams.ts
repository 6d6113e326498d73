/**
 * Answers that stay open, such as event streams. `next start` waits for every answer before it stops, so on a stop signal
 * they are closed; readers come back to another process.
 */
const held = globalThis as { trunklineStreams?: { closers: Set<() => void>; isClosing: boolean } }
const streams = (held.trunklineStreams ??= { closers: new Set(), isClosing: false })

/** Keeps `close` until the stream's end; returns how to let go of it. */
export function registerStream(close: () => void): () => void {
  if (streams.isClosing) queueMicrotask(close)
  else streams.closers.add(close)
  return () => void streams.closers.delete(close)
}

export function closeOpenStreams(): void {
  streams.isClosing = true
  for (const close of [...streams.closers]) close()
  streams.closers.clear()
}
