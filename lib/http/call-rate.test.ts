import { expect, test } from 'vitest'
import { systemClock } from '@/lib/clock'
import { createCallRate } from './call-rate'

test('so many calls fit into a window, for each key; with the next window all may call again', () => {
  let nowMs = 0
  const rate = createCallRate({ ...systemClock, monotonicMs: () => nowMs }, { count: 3, withinMs: 10_000 })
  expect([1, 2, 3].map(() => rate.take('a'))).toEqual([null, null, null])
  nowMs = 2_500
  expect(rate.take('a')).toBe(8)
  expect(rate.take('b')).toBeNull()
  nowMs = 10_000
  expect(rate.take('a')).toBeNull()
})
