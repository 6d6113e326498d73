import type { Clock } from '@/lib/clock'

/** Counts failures per key, such as an address, and says when there were too many. Of this process only: a brake, not a lock. */
export interface Attempts {
  /** Seconds to wait, or null while another attempt is fine. */
  blockedFor(key: string): number | null
  failed(key: string): void
}

export function createAttempts(clock: Clock, limit = { count: 10, windowMs: 60_000 }): Attempts {
  const failures = new Map<string, number[]>()
  const recent = (key: string) => {
    const since = clock.monotonicMs() - limit.windowMs
    return (failures.get(key) ?? []).filter((at) => at > since)
  }
  return {
    blockedFor(key) {
      const times = recent(key)
      if (times.length < limit.count) return null
      return Math.max(1, Math.ceil((times[0]! + limit.windowMs - clock.monotonicMs()) / 1000))
    },
    failed(key) {
      if (failures.size > 10_000)
        for (const other of failures.keys()) if (recent(other).length === 0) failures.delete(other)
      failures.set(key, [...recent(key), clock.monotonicMs()].slice(-limit.count))
    },
  }
}
