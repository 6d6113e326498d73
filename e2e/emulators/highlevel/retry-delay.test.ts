import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS, type Settings } from './options'
import { retryDelay } from './webhooks'

describe('when a refused webhook comes again', () => {
  const knobs = (regime: 'old' | 'new'): Settings['webhooks'] => ({ ...DEFAULT_SETTINGS.webhooks, regime })
  it.each([
    ['old', 429, [600_000, 600_000, 600_000, 600_000, 600_000, 600_000, null]],
    ['old', 500, [null]],
    ['old', 0, [null]],
    ['new', 429, [600_000, 600_000, 600_000, 600_000, 600_000, 600_000, null]],
    ['new', 503, [60_000, 120_000, 240_000, 480_000]],
    ['new', 0, [60_000, 120_000]],
  ] as const)('%s regime, status %d', (regime, status, delays) => {
    for (const [index, delay] of delays.entries())
      expect(retryDelay(knobs(regime), 'app', status, index + 1, () => 0)).toBe(delay)
  })

  it('the new regime ends after twelve attempts, within three days', () => {
    const delays = Array.from({ length: 12 }, (_, index) => retryDelay(knobs('new'), 'app', 500, index + 1, () => 1))
    expect(delays.at(-1)).toBeNull()
    expect(delays.reduce<number>((sum, one) => sum + (one ?? 0), 0)).toBeLessThan(3 * 86_400_000)
  })
})
