/** How much a session may send in an hour and in a day. No I/O. */
import { settingsOf } from '../sub-account/settings'

export interface Limit {
  most: number
  spanMs: number
  /** Whether what a person wrote waits as well; it counts in any case. */
  holdsManual: boolean
}

const hourMs = 3_600_000

/**
 * What a sub-account allows. A cap somebody set holds for everybody, paced or not; the default is part of the pacing, which what
 * people write does not wait for.
 */
export function limitsOf(stored: Record<string, unknown>): Limit[] {
  const { hourlyCap, dailyCap } = settingsOf({ settings: stored })
  return [
    ...(hourlyCap === null ? [] : [{ most: hourlyCap, spanMs: hourMs, holdsManual: 'hourlyCap' in stored }]),
    ...(dailyCap === null ? [] : [{ most: dailyCap, spanMs: 24 * hourMs, holdsManual: true }]),
  ]
}
