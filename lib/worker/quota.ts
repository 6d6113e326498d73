/** When the next part of a session fits under its caps. Pure; times in milliseconds. */
import type { Limit } from '@/lib/bridge/session/limits'

export interface Quota {
  /** How long this part has to wait; 0: it may leave now, and counts. A part told to wait has a place kept among those that come later. */
  waitMs(part: { id: string; manual: boolean }, limits: readonly Limit[], now: number): number
  /** It has left, maybe later than it was let go: it counts from this moment. */
  left(id: string, at: number): void
}

const dayMs = 24 * 3_600_000

/** `sent`: the parts that left in the last day, and when, ascending. */
export function createQuota(sent: readonly { id: string; at: number }[]): Quota {
  /** When each part left. */
  const gone = new Map(sent.map(({ id, at }) => [id, at]))
  const places = new Map<string, number>()
  const went = [...gone.values()]
  /** The same, and the places that are kept. */
  const taken = [...went]
  let planned = ''

  function letGo(id: string, at: number): void {
    forget(gone, id, went, taken)
    gone.set(id, at)
    insert(went, at)
    insert(taken, at)
  }
  function dropOlderThan(at: number): void {
    for (const [list, ids] of [
      [went, gone],
      [taken, places],
    ] as const) {
      if (list.length === 0 || list[0]! >= at) continue
      list.splice(0, after(list, at - 1))
      for (const [id, then] of ids) if (then < at) ids.delete(id)
    }
  }
  return {
    left: letGo,
    waitMs(part, limits, now) {
      dropOlderThan(now - dayMs)
      // Other limits make another plan.
      if (planned !== JSON.stringify(limits)) {
        for (const id of [...places.keys()]) forget(places, id, taken)
        planned = JSON.stringify(limits)
      }
      const place = places.get(part.id)
      if (place !== undefined && place > now) return place - now
      forget(places, part.id, taken)
      // Let go before, and here again: it has not left.
      forget(gone, part.id, went, taken)
      // Who comes for their place may find that others came late for theirs: what has left decides. A plan is behind all plans.
      const before = place === undefined ? taken : went
      const opens = limits
        .filter((limit) => limit.holdsManual || !part.manual)
        .map(({ most, spanMs }) => (before.length < most ? now : before[before.length - most]! + spanMs))
      const at = Math.max(now, ...opens)
      // It fails before its turn would come, and must not take that turn from what comes after it.
      if (at - now > dayMs) return dayMs
      if (at === now) letGo(part.id, now)
      else {
        places.set(part.id, at)
        insert(taken, at)
      }
      return at - now
    },
  }
}

function forget(ids: Map<string, number>, id: string, ...lists: number[][]): void {
  const at = ids.get(id)
  if (at === undefined) return
  ids.delete(id)
  for (const list of lists) list.splice(after(list, at) - 1, 1)
}

function insert(list: number[], at: number): void {
  list.splice(after(list, at), 0, at)
}

/** How many are at this moment or before it: most are asked for near the end. */
function after(list: readonly number[], at: number): number {
  let count = list.length
  while (count > 0 && list[count - 1]! > at) count -= 1
  return count
}
