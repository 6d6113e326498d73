import { expect, test } from 'vitest'
import { defaultTimeouts } from '@/lib/highlevel/transport'
import { productionTimings } from './timings'

test('the real durations of a worker are the documented ones', () => {
  expect(productionTimings).toEqual({
    leaseMs: 30_000,
    renewEveryMs: 5_000,
    fenceMs: 20_000,
    pollMs: 3_000,
    drainMs: 5_000,
    laneHoldMs: 30_000,
    crmRetry: { minMs: 1_000, maxMs: 300_000 },
    notYetMs: [2_000, 5_000, 10_000, 20_000, 40_000, 80_000],
    contactEveryMs: 200,
    refusedAgainMs: 3_600_000,
    holdScale: 1,
  })
})

test('the CRM is given three seconds to take a connection and fifteen to answer', () => {
  expect(defaultTimeouts).toEqual({ connectMs: 3_000, totalMs: 15_000 })
  // Whoever asks has let go of the lane before another may take it.
  expect(defaultTimeouts.totalMs).toBeLessThan(productionTimings.laneHoldMs)
})
