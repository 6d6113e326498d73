import { expect, test } from 'vitest'
import { createBreaker } from './breaker'

const after = (calls: string) => {
  const breaker = createBreaker()
  return [...calls].map((call) => (breaker.count('here', call === 'x') ? '!' : '.')).join('')
}

test.each([
  ['nineteen failures say nothing yet', 'x'.repeat(19), '.'.repeat(19)],
  ['twenty do, and counting begins anew', 'x'.repeat(39), `${'.'.repeat(19)}!${'.'.repeat(19)}`],
  ['half of twenty is enough', `${'o'.repeat(10)}${'x'.repeat(10)}`, `${'.'.repeat(19)}!`],
  ['less than half of the last twenty is not', `${'xo'.repeat(4)}${'oo'.repeat(20)}xxxxxxxxx`, '.'.repeat(57)],
  ['a success is never the last straw', `${'x'.repeat(19)}o`, '.'.repeat(20)],
])('%s', (_, calls, expected) => expect(after(calls)).toBe(expected))

test('each sub-account is counted by itself', () => {
  const breaker = createBreaker()
  for (let n = 0; n < 19; n++) {
    expect(breaker.count('one', true)).toBe(false)
    expect(breaker.count('other', true)).toBe(false)
  }
  expect(breaker.count('one', true)).toBe(true)
})
