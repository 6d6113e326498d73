import { expect, test } from 'vitest'
import { createPace } from './pacing'

const run = (count: number, part: { manual: boolean; wroteLately: boolean }) => {
  const pace = createPace(() => 0)
  const times: number[] = []
  for (let n = 0, now = 0; n < count; n++) {
    times.push(now)
    now = pace.next(part, now)
  }
  return times
}

test('automated messages stay below 20 in any minute', () => {
  const times = run(200, { manual: false, wroteLately: true })
  for (const start of times)
    expect(times.filter((at) => at >= start && at < start + 60_000).length).toBeLessThanOrEqual(20)
})

test('what a person wrote waits for the gap only, a shorter one in a live conversation', () => {
  expect(run(30, { manual: true, wroteLately: true }).at(-1)).toBe(29 * 800)
  expect(run(30, { manual: true, wroteLately: false }).at(-1)).toBe(29 * 1_500)
})
