import { expect, test } from 'vitest'
import { systemClock } from '@/lib/clock'
import { createAttempts } from './attempts'

test('after ten failures in a minute a key waits until the first of them is a minute old', () => {
  let nowMs = 0
  const attempts = createAttempts({ ...systemClock, monotonicMs: () => nowMs })
  for (let i = 0; i < 10; i++) {
    expect(attempts.blockedFor('a')).toBeNull()
    attempts.failed('a')
    nowMs += 1_000
  }
  expect(attempts.blockedFor('a')).toBe(50)
  expect(attempts.blockedFor('b')).toBeNull()
  nowMs = 60_001
  expect(attempts.blockedFor('a')).toBeNull()
  attempts.failed('a')
  expect(attempts.blockedFor('a')).toBe(1)
})
