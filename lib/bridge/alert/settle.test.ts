import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { alerts, mails } from '@/db/schema/entitlements'
import { addLine } from '../entitlement/test-line'
import { linkSession } from '../session/link'
import { logoutSession } from '../session/logout'
import { removeSession } from '../session/remove'
import { stopSession } from '../session/stop'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'
import { listAlerts } from './list'
import { settleAlerts } from './settle'

const minute = 60_000
const hour = 60 * minute

let world: TestWorld
let bakery: SubAccountFixture
let admin: ReturnType<SubAccountFixture['person']>
beforeAll(async () => void (world = await createTestWorld()))
afterAll(() => world.close())
beforeEach(async () => {
  bakery = await world.subAccount()
  admin = bakery.person('location_admin')
})

const settle = () => settleAlerts(world.ctx)
const pass = async (ms: number) => {
  world.ctx.clock.advance(ms)
  await settle()
}
const shown = async () => (await listAlerts(world.ctx, admin, bakery.id)).items
const told = async () =>
  (await world.ctx.db.select().from(mails).where(eq(mails.locationId, bakery.id)).orderBy(mails.id)).map(
    (mail) => mail.kind,
  )

async function connected(label = 'Sales') {
  const line = await addLine(world, bakery, label)
  await settle()
  await line.says('connected')
  await settle()
  expect(await shown()).toEqual([])
  expect(await world.ctx.db.select().from(alerts).where(eq(alerts.locationId, bakery.id))).toEqual([])
  return line
}

it('a number unlinked on the phone is shown and told, again after an hour and a day, and told once when it is back', async () => {
  const line = await connected()
  await line.says('logged_out', 'phone_unlinked')
  await settle()
  expect(await shown()).toEqual([
    expect.objectContaining({
      ...{ kind: 'session_down', level: 'red', sessionId: line.id, label: 'Sales', phone: line.phone },
      text: `Sales (${line.phone}): This device was removed on the phone. Scan again to use the number.`,
    }),
  ])
  expect(await told()).toEqual(['down'])
  await pass(59 * minute)
  expect(await told()).toHaveLength(1)
  await pass(2 * minute)
  await pass(24 * hour)
  await pass(48 * hour)
  expect(await told()).toEqual(['down', 'down', 'down'])

  await linkSession(world.ctx, admin, { sessionId: line.id })
  await line.says('awaiting_link')
  await settle()
  expect(await shown()).toHaveLength(1)
  await line.says('linking')
  await line.says('connected')
  await settle()
  await settle()
  expect(await shown()).toEqual([])
  expect(await told()).toEqual(['down', 'down', 'down', 'back'])
})

it('a connection away for less than five minutes concerns nobody; for longer, it is shown and told', async () => {
  const line = await connected()
  await line.says('reconnecting', 'network')
  await settle()
  await pass(4 * minute)
  await line.says('connected')
  await pass(10 * minute)
  expect(await told()).toEqual([])

  await line.says('reconnecting', 'network')
  await settle()
  await pass(3 * minute)
  await line.says('reconnecting')
  await pass(2 * minute)
  expect(await shown()).toEqual([expect.objectContaining({ kind: 'session_slow', level: 'amber' })])
  await line.says('connected')
  await settle()
  expect(await told()).toEqual(['slow', 'back'])
})

it.each([
  ['stopped', stopSession],
  ['logged out', logoutSession],
  ['deleted', removeSession],
])('%s by a person, nothing is told', async (_, verb) => {
  const line = await connected()
  await verb(world.ctx, admin, { sessionId: line.id })
  await settle()
  await pass(hour)
  expect(await shown()).toEqual([])
  expect(await told()).toEqual([])

  const broken = await connected('Support')
  await broken.says('failed')
  await settle()
  await verb(world.ctx, admin, { sessionId: broken.id })
  await settle()
  expect(await shown()).toEqual([])
  expect(await told()).toEqual(['down'])
})

it('several workers raise it once, and tell it once', async () => {
  const line = await connected()
  await line.says('logged_out', 'phone_unlinked')
  await Promise.all([settle(), settle(), settle(), settle()])
  expect(await shown()).toHaveLength(1)
  expect(await told()).toEqual(['down'])
})

it('another sub-account sees nothing of it', async () => {
  const line = await connected()
  await line.says('logged_out', 'phone_unlinked')
  await settle()
  const other = await world.subAccount()
  await expect(listAlerts(world.ctx, other.person('location_admin'), bakery.id)).rejects.toMatchObject({
    code: 'not_found',
  })
})
