import { expect, test } from 'vitest'
import { isOutage } from './transaction'

const failedWith = (code: string) => new Error('Failed query', { cause: Object.assign(new Error('why'), { code }) })

test.each(['25P03', '25P04', '57P01', '53300', 'CONNECTION_CLOSED', 'ECONNREFUSED'])(
  'a database that went away or ended what took too long (%s) is an outage',
  (code) => expect(isOutage(failedWith(code))).toBe(true),
)
test.each(['23505', '40P01', '25P02', 'ERR_INVALID_ARG_TYPE'])('what a statement said (%s) is none', (code) =>
  expect(isOutage(failedWith(code))).toBe(false),
)
