import type { Clock } from '@/lib/clock'

/** Counts calls per key, such as a person, and says when there were too many. Of this process only: a brake, not a lock. */
export interface CallRate {
  /** Null, and counted, while one more is fine; else the seconds to wait. */
  take(key: string): number | null
}

export function createCallRate(clock: Clock, limit: { count: number; withinMs: number }): CallRate {
  let endsAtMs = -Infinity
  let counts = new Map<string, number>()
  return {
    take(key) {
      const nowMs = clock.monotonicMs()
      if (nowMs >= endsAtMs) {
        endsAtMs = nowMs + limit.withinMs
        counts = new Map()
      }
      const count = (counts.get(key) ?? 0) + 1
      if (count > limit.count) return Math.max(1, Math.ceil((endsAtMs - nowMs) / 1000))
      counts.set(key, count)
      return null
    },
  }
}
