/** A number linked lately writes to few new contacts a day, more each day. No I/O. */

const limits = [20, 50, 100, 200, 400]
const dayMs = 86_400_000

export interface WarmUpDay {
  /** 1 to 5. */
  day: number
  /** New contacts it may write to on this day. */
  limit: number
  from: Date
  until: Date
}

/** The day of its warm-up a number is in; null once it is over, or while none was linked. */
export function warmUpDay(firstLinkedAt: Date | null, now: Date): WarmUpDay | null {
  if (firstLinkedAt === null) return null
  const index = Math.max(0, Math.floor((now.getTime() - firstLinkedAt.getTime()) / dayMs))
  const limit = limits[index]
  if (limit === undefined) return null
  const from = firstLinkedAt.getTime() + index * dayMs
  return { day: index + 1, limit, from: new Date(from), until: new Date(from + dayMs) }
}
