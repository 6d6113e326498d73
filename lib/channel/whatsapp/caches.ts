import type { CacheStore, PossiblyExtendedCacheStore } from '@whiskeysockets/baileys'
import type { Clock } from '@/lib/clock'

/** A cache of one session that outlives its sockets. Bounded, without timers: what is stale is dropped when met. */
export function createCache(clock: Clock, ttlMs: number, max = 20_000): CacheStore & PossiblyExtendedCacheStore {
  const entries = new Map<string, { value: unknown; untilMs: number }>()

  function get<T>(key: string): T | undefined {
    const entry = entries.get(key)
    if (!entry) return undefined
    if (entry.untilMs >= clock.monotonicMs()) return entry.value as T
    entries.delete(key)
    return undefined
  }

  function set<T>(key: string, value: T): boolean {
    entries.delete(key)
    entries.set(key, { value, untilMs: clock.monotonicMs() + ttlMs })
    if (entries.size > max) entries.delete(entries.keys().next().value!)
    return true
  }

  return {
    get,
    set,
    del: (key) => entries.delete(key),
    flushAll: () => entries.clear(),
    mget: async <T>(keys: string[]) => Object.fromEntries(keys.map((key) => [key, get<T>(key)])),
    mset: (list) => {
      for (const { key, value } of list) set(key, value)
    },
  }
}
