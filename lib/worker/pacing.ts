/** When a session may send its next part, so that it behaves like somebody typing. Pure; times in milliseconds. */

export interface Pace {
  /** Earliest moment for the next part, given the one about to leave at `now`. */
  next(part: { manual: boolean; wroteLately: boolean }, now: number): number
}

const perMinute = 20

/**
 * Automated messages keep a random gap and stay below 20 a minute; what a person wrote only waits for the gap,
 * which is shorter when the contact wrote within a day.
 */
export function createPace(random: () => number = Math.random): Pace {
  let sent: number[] = []
  return {
    next({ manual, wroteLately }, now) {
      sent = sent.filter((at) => at > now - 60_000)
      sent.push(now)
      const [least, most] = wroteLately ? [800, 2_000] : [1_500, 4_000]
      let at = now + least + random() * (most - least)
      if (!manual) {
        const minuteFull = sent.length >= perMinute ? sent[sent.length - perMinute]! + 60_000 : 0
        at = Math.max(at, minuteFull)
      }
      return at
    },
  }
}
