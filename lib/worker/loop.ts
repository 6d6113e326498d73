import type { BridgeContext } from '@/lib/bridge/context'

export interface Loop {
  /** Another round within so many ms; it may come together with what wakes it meanwhile. */
  wake(withinMs?: number): void
  over: Promise<void>
}

export interface LoopOptions {
  what: string
  everyMs: number
  /** From the start of one round to the start of the next, however often it is woken: what comes meanwhile goes together. */
  gapMs?: number
  signal: AbortSignal
}

/** Runs `once` when woken and every `everyMs`, never twice at a time; an error is logged and the next round tries again. */
export function loop(ctx: BridgeContext, options: LoopOptions, once: () => Promise<void>): Loop {
  const { what, everyMs, gapMs = 0, signal } = options
  const nowMs = () => ctx.clock.monotonicMs()
  let dueMs = nowMs()
  let startedMs = -Infinity
  let rouse = () => {}

  async function nap(): Promise<void> {
    const napping = new AbortController()
    // With a reason given no error is made up, and no stack read, for each nap.
    rouse = () => napping.abort(null)
    signal.addEventListener('abort', rouse, { once: true })
    const end = rouse
    await ctx.clock.sleep(Math.max(0, dueMs - nowMs()), napping.signal)
    signal.removeEventListener('abort', end)
    rouse = () => {}
    if (!napping.signal.aborted) dueMs = nowMs()
  }

  const over = (async () => {
    while (!signal.aborted) {
      if (dueMs > nowMs()) {
        await nap()
        continue
      }
      startedMs = nowMs()
      dueMs = startedMs + everyMs
      try {
        await once()
      } catch (error) {
        ctx.log.warn({ event: what, err: error }, 'round failed, trying again')
        await ctx.clock.sleep(Math.min(everyMs, 500), signal)
        dueMs = nowMs()
      }
    }
  })()
  return {
    wake(withinMs = 0) {
      const atMs = Math.max(nowMs() + withinMs, startedMs + gapMs)
      if (atMs >= dueMs) return
      dueMs = atMs
      rouse()
    },
    over,
  }
}
