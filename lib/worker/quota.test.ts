import { expect, test } from 'vitest'
import type { Limit } from '@/lib/bridge/session/limits'
import { createQuota as quotaOf } from './quota'

const hour = 3_600_000
const hourly = (most: number, holdsManual = false): Limit => ({ most, spanMs: hour, holdsManual })
const part = (id: string, manual = false) => ({ id, manual })
const createQuota = (sent: number[]) => quotaOf(sent.map((at, index) => ({ id: `sent-${index}`, at })))

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

test('a part that comes late for its place leaves, and those it delayed wait for it', () => {
  const quota = createQuota([])
  const limits = [hourly(2)]
  const waits = (names: string, now: number) => [...names].map((id) => quota.waitMs(part(id), limits, now))
  expect(waits('abcdef', 0)).toEqual([0, 0, hour, hour, 2 * hour, 2 * hour])
  // The line was down for an hour: two came an hour late, two others are on time.
  expect(waits('cdef', 2 * hour)).toEqual([0, 0, hour, hour])
  expect(waits('ef', 3 * hour)).toEqual([0, 0])
})

test('a part counts from when it left, however late that is after it was let go', () => {
  const quota = createQuota([])
  expect(quota.waitMs(part('a'), [hourly(1)], 0)).toBe(0)
  quota.left('a', 60_000)
  expect(quota.waitMs(part('b'), [hourly(1)], hour)).toBe(60_000)
})

test('a part that was let go and did not leave takes no place twice', () => {
  const quota = createQuota([])
  for (const now of [0, 10, 20]) expect(quota.waitMs(part('a'), [hourly(2)], now)).toBe(0)
  expect(quota.waitMs(part('b'), [hourly(2)], 30)).toBe(0)
  expect(quota.waitMs(part('c'), [hourly(2)], 40)).toBe(hour - 20)
})

test('a queue after a long outage leaves in its order, never more than the cap in any hour', () => {
  const quota = createQuota([])
  const limits = [hourly(10)]
  const due = new Map(Array.from({ length: 100 }, (_, n) => [`p${n}`, 0]))
  const left: number[] = []
  // Down from the third hour to the sixth; each part comes when it was told to, the one longest due first, and takes a while to leave.
  for (let now = 0; due.size > 0 && now < 30 * hour; now += 10_000) {
    if (now > 2.5 * hour && now < 6 * hour) continue
    for (const [id, at] of [...due].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1])) {
      const waitMs = quota.waitMs(part(id), limits, now)
      if (waitMs > 0) due.set(id, now + waitMs)
      else {
        due.delete(id)
        left.push(now + 7_000)
        quota.left(id, now + 7_000)
      }
      expect(at).toBeLessThanOrEqual(now)
    }
  }
  expect(left).toHaveLength(100)
  for (let n = 10; n < left.length; n++) expect(left[n]! - left[n - 10]!).toBeGreaterThanOrEqual(hour)
  expect(left.at(-1)!).toBeLessThan(14 * hour)
})
