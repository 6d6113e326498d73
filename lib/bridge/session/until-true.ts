import type { BridgeContext } from '../context'

const everyMs = 150

/** Asks the database until it says yes; false when it did not in time. For requests that only a worker can answer. */
export async function untilTrue(ctx: BridgeContext, withinMs: number, ask: () => Promise<boolean>): Promise<boolean> {
  const giveUpAt = ctx.clock.monotonicMs() + withinMs
  for (;;) {
    if (await ask()) return true
    if (ctx.clock.monotonicMs() >= giveUpAt) return false
    await ctx.clock.sleep(everyMs)
  }
}
