import { expect, test } from 'vitest'
import { createQuota, limitsOf, type Limit } from './quota'

const hour = 3_600_000
const hourly = (most: number, holdsManual = false): Limit => ({ most, spanMs: hour, holdsManual })
const part = (id: string, manual = false) => ({ id, manual })

test('what is over the limit waits until the oldest is an hour old, each for a place of its own', () => {
  const quota = createQuota([0, 1_000])
  const limits = [hourly(2)]
  expect(quota.waitMs(part('a'), limits, 2_000)).toBe(hour - 2_000)
  expect(quota.waitMs(part('b'), limits, 2_000)).toBe(hour - 1_000)
  expect(quota.waitMs(part('a'), limits, hour)).toBe(0)
  expect(quota.waitMs(part('b'), limits, hour)).toBe(1_000)
  expect(quota.waitMs(part('b'), limits, hour + 1_000)).toBe(0)
  expect(quota.waitMs(part('c'), limits, hour + 2_000)).toBe(2 * hour - hour - 2_000)
})

test('what a person wrote does not wait for what machines used up, but counts', () => {
  const quota = createQuota([0])
  expect(quota.waitMs(part('a', true), [hourly(1)], 10)).toBe(0)
  expect(quota.waitMs(part('b'), [hourly(1)], 20)).toBe(hour - 10)
})

test('a limit an agency set holds for everybody', () => {
  expect(createQuota([0]).waitMs(part('a', true), [hourly(1, true)], 10)).toBe(hour - 10)
})

test('a raised limit lets go of what waited for the old one', () => {
  const quota = createQuota([0])
  expect(quota.waitMs(part('a'), [hourly(1)], 10)).toBe(hour - 10)
  expect(quota.waitMs(part('b'), [hourly(1)], 10)).toBe(2 * hour - 10)
  expect(quota.waitMs(part('b'), [hourly(2)], 20)).toBe(0)
  expect(quota.waitMs(part('a'), [hourly(2)], 20)).toBe(hour - 20)
})

test('a kept place nobody came back for takes no other with it when the limits change', () => {
  const quota = createQuota([0])
  expect(quota.waitMs(part('gone'), [hourly(1)], 10)).toBe(hour - 10)
  const later = 26 * hour
  expect(quota.waitMs(part('a'), [hourly(1)], later)).toBe(0)
  expect(quota.waitMs(part('b'), [hourly(1), hourly(2)], later)).toBe(hour)
})

test('what fails before its turn takes no turn from what comes after it', () => {
  const quota = createQuota([])
  for (let n = 0; n < 1_000; n++) quota.waitMs(part(`bulk-${n}`), [hourly(10)], 0)
  // A day later what was over a day's worth has failed.
  expect(quota.waitMs(part('next day'), [hourly(10)], 25 * hour)).toBe(0)
})

test('the stricter of two limits decides, and without any nothing waits', () => {
  const day: Limit = { most: 2, spanMs: 24 * hour, holdsManual: true }
  expect(createQuota([0, 1]).waitMs(part('a'), [hourly(5), day], 10)).toBe(24 * hour - 10)
  expect(createQuota([0, 1]).waitMs(part('a'), [], 10)).toBe(0)
})

test('the default of 600 an hour is part of the pacing; a cap that was set holds without it', () => {
  expect(limitsOf({}, 'on')).toEqual([hourly(600)])
  expect(limitsOf({}, 'off')).toEqual([])
  expect(limitsOf({ hourlyCap: 5, dailyCap: 7 }, 'off')).toEqual([
    hourly(5, true),
    { most: 7, spanMs: 24 * hour, holdsManual: true },
  ])
  expect(limitsOf({ hourlyCap: null }, 'on')).toEqual([])
})
