import { expect, test } from 'vitest'
import { limitsOf } from './limits'

const hour = 3_600_000

test('the default of 600 an hour holds no person; a cap that was set holds everybody', () => {
  expect(limitsOf({})).toEqual([{ most: 600, spanMs: hour, holdsManual: false }])
  expect(limitsOf({ hourlyCap: 5, dailyCap: 7 })).toEqual([
    { most: 5, spanMs: hour, holdsManual: true },
    { most: 7, spanMs: 24 * hour, holdsManual: true },
  ])
  expect(limitsOf({ hourlyCap: null })).toEqual([])
})
