import type { Settings } from './options'

/** The CRM's limits per client and resource: a sliding window and a day. */
export interface Spent {
  refused: boolean
  headers: Record<string, string>
}

export function createLimits(settings: Settings) {
  const windows = new Map<string, number[]>()
  const days = new Map<string, { day: string; used: number }>()
  const exhausted = new Set<string>()

  return {
    exhausted,

    spend(resource: string, now = Date.now()): Spent {
      const { max, intervalMs, daily, enforced } = settings.limits
      let window = windows.get(resource)
      if (!window) windows.set(resource, (window = []))
      let expired = 0
      while (expired < window.length && (window[expired] ?? 0) <= now - intervalMs) expired += 1
      if (expired) window.splice(0, expired)

      const today = new Date(now).toISOString().slice(0, 10)
      let day = days.get(resource)
      if (!day || day.day !== today) days.set(resource, (day = { day: today, used: 0 }))
      const dayOver = exhausted.has(resource) || exhausted.has('*') || day.used >= daily

      const refused = enforced && (dayOver || window.length >= max)
      if (!refused) {
        window.push(now)
        day.used += 1
      }
      return {
        refused,
        headers: {
          'X-RateLimit-Limit-Daily': String(daily),
          'X-RateLimit-Daily-Remaining': String(dayOver ? 0 : Math.max(0, daily - day.used)),
          'X-RateLimit-Interval-Milliseconds': String(intervalMs),
          'X-RateLimit-Max': String(max),
          'X-RateLimit-Remaining': String(Math.max(0, max - window.length)),
        },
      }
    },
  }
}
