/** How much a session may send in an hour and in a day, and when the next part fits. Pure; times in milliseconds. */
import { settingsOf } from '@/lib/bridge/sub-account/settings'

export interface Limit {
  most: number
  spanMs: number
  /** Whether what a person wrote waits as well; it counts in any case. */
  holdsManual: boolean
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * What a sub-account allows. A cap somebody set holds for everybody, paced or not; the default is part of the pacing, which what
 * people write does not wait for.
 */
export function limitsOf(stored: Record<string, unknown>, pacing: 'on' | 'off'): Limit[] {
  const { hourlyCap, dailyCap } = settingsOf({ settings: stored })
  const isSet = 'hourlyCap' in stored
  return [
    ...(hourlyCap !== null && (isSet || pacing === 'on')
      ? [{ most: hourlyCap, spanMs: hourMs, holdsManual: isSet }]
      : []),
    ...(dailyCap === null ? [] : [{ most: dailyCap, spanMs: dayMs, holdsManual: true }]),
  ]
}

export interface Quota {
  /** How long this part has to wait; 0: it may leave now, and counts. A part told to wait has its place kept. */
  waitMs(part: { id: string; manual: boolean }, limits: readonly Limit[], now: number): number
}

/** `sent`: when parts left in the last day, ascending. */
export function createQuota(sent: readonly number[]): Quota {
  let taken = [...sent]
  const places = new Map<string, number>()
  let planned = ''
  const insert = (at: number) => {
    let index = taken.length
    while (index > 0 && taken[index - 1]! > at) index -= 1
    taken.splice(index, 0, at)
  }
  return {
    waitMs(part, limits, now) {
      if (taken.length > 0 && taken[0]! < now - dayMs) taken = taken.filter((at) => at >= now - dayMs)
      // Other limits make another plan.
      if (planned !== JSON.stringify(limits)) {
        // The place of a part that never came back may be over a day old, and gone already.
        for (const at of places.values()) if (taken.includes(at)) taken.splice(taken.indexOf(at), 1)
        places.clear()
        planned = JSON.stringify(limits)
      }
      const place = places.get(part.id)
      if (place !== undefined) {
        if (place <= now) places.delete(part.id)
        return Math.max(0, place - now)
      }
      const binding = limits.filter((limit) => limit.holdsManual || !part.manual)
      const opens = binding.map(({ most, spanMs }) =>
        taken.length < most ? now : taken[taken.length - most]! + spanMs,
      )
      const at = Math.max(now, ...opens)
      // It fails before its turn would come, and must not take that turn from what comes after it.
      if (at - now > dayMs) return dayMs
      insert(at)
      if (at > now) places.set(part.id, at)
      return at - now
    },
  }
}
