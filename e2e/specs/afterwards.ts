// After everything else: what both emulated worlds hold against the app.
import { expect, test } from '../fixtures'

test('no request broke what the CRM publishes, and no stanza broke the protocol', async ({ crm, phones }) => {
  expect(await crm.violations()).toEqual([])
  const counters = await phones.counters()
  expect(counters).toMatchObject({ violations: 0, unknownQueries: {} })
  // They were really asked.
  expect((await crm.history(0, ['api'])).length).toBeGreaterThan(0)
})
