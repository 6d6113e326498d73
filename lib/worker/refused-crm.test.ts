/** A CRM that lets us act no longer, and then again: what was heard meanwhile crosses at once, not when its hour is over. */
import { and, eq, sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openListener } from '@/db/client'
import { workChannel } from '@/db/notify'
import { deliveries } from '@/db/schema/deliveries'
import { subAccounts } from '@/db/schema/sub-accounts'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { hearInbound } from '@/lib/bridge/message/hear-inbound'
import { probeSuspended } from '@/lib/bridge/sub-account/probe-suspended'
import { systemClock } from '@/lib/clock'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { Address, LocationId, RemoteId } from '@/lib/ids'
import { productionTimings } from './timings'
import { startCrmWork, type CrmWork } from './work'

let kit: BridgeKit
let work: CrmWork
beforeAll(async () => void (kit = await startBridgeKit()))
afterAll(() => kit.close())
afterEach(() => work.stop(2_000))

const timings = { ...productionTimings, pollMs: 30 }
function start(highlevel = kit.ctx.highlevel): void {
  work = startCrmWork({ ...kit.ctx, highlevel, clock: systemClock }, 'worker', timings)
}

async function hear(locationId: LocationId, text: string): Promise<void> {
  const address = '15550000001@s.whatsapp.net' as Address
  await hearInbound(kit.ctx, await kit.session(locationId, 1), {
    type: 'message',
    id: `HEARD${locationId}` as RemoteId,
    person: { address, aliases: [address], phone: '+15550000001', name: 'Ana' },
    fromPhone: false,
    content: { kind: 'text', text },
    at: new Date(),
  })
}
/** How long the sub-account's delivery waits, in minutes. */
const waits = async (locationId: LocationId) => {
  const [lane] = await kit.ctx.db.execute<{ minutes: number }>(sql`
    select (extract(epoch from due_at - now()) / 60)::float8 as minutes from lanes
    where location_id = ${locationId} and busy_by is null and due_at < 'infinity'`)
  return lane?.minutes ?? 0
}
const shown = async (locationId: LocationId) => {
  const [contact] = await kit.crm.contacts(locationId)
  return contact ? (await kit.crm.conversation(contact)).map(({ body }) => body) : []
}
const statusOf = async (locationId: LocationId) =>
  (await kit.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, locationId)))[0]?.status
test('what was heard while the authorisation was lost is posted as soon as the app is connected again', async () => {
  const locationId = await kit.subAccount()
  await kit.ctx.db.update(subAccounts).set({ status: 'needs_reauth' }).where(eq(subAccounts.id, locationId))
  await kit.ctx.db.execute(sql`delete from tokens where owner_id = ${locationId}`)
  kit.ctx.tokens.forget({ kind: 'Location', id: locationId })
  start()
  await hear(locationId, 'are you there?')
  await expect.poll(() => waits(locationId), { timeout: 40_000 }).toBeGreaterThan(50)
  const heard: (string | null)[] = []
  const listener = openListener(kit.databaseUrl)
  await listener.listen(workChannel, (payload) => heard.push(payload))

  await kit.crm.install(locationId)
  await expect.poll(() => shown(locationId), { timeout: 30_000 }).toEqual(['are you there?'])
  await expect.poll(() => heard).toContain('crm')
  await listener.close()
}, 120_000)

test('what was heard while the CRM had paused the sub-account is posted as soon as a probe finds it active', async () => {
  const locationId = await kit.subAccount()
  const body = { statusCode: 400, message: 'Location is not active' }
  await kit.crm.fault('status', { path: '^/contacts/', status: 400, body, locationId, times: 1 })
  start()
  await hear(locationId, 'still there?')
  await expect.poll(() => statusOf(locationId), { timeout: 40_000 }).toBe('suspended')
  await expect.poll(() => waits(locationId), { timeout: 40_000 }).toBeGreaterThan(50)

  await probeSuspended(kit.ctx)
  await expect.poll(() => shown(locationId), { timeout: 30_000 }).toEqual(['still there?'])
}, 120_000)

test('what is refused while the app is being connected again does not wait either', async () => {
  const locationId = await kit.subAccount()
  let refused = 0
  start({
    forSubAccount(id) {
      if (refused++ === 0) throw new CrmError('unauthorised', 'this sub-account must be connected to the CRM again')
      return kit.ctx.highlevel.forSubAccount(id)
    },
  })
  await hear(locationId, 'in between')
  await expect.poll(() => shown(locationId), { timeout: 30_000 }).toEqual(['in between'])
  expect(refused).toBeGreaterThan(1)
}, 120_000)

test('an authorisation that is lost is waited for longer than a CRM that fails, and not for ever', async () => {
  const locationId = await kit.subAccount()
  await kit.ctx.db.update(subAccounts).set({ status: 'needs_reauth' }).where(eq(subAccounts.id, locationId))
  await kit.ctx.db.execute(sql`delete from tokens where owner_id = ${locationId}`)
  kit.ctx.tokens.forget({ kind: 'Location', id: locationId })
  await hear(locationId, 'hello?')
  const age = (days: number) =>
    kit.ctx.db.execute(sql`
      update deliveries set created_at = now() - ${days}::int * interval '1 day' where location_id = ${locationId}`)
  const stateOf = async () =>
    (
      await kit.ctx.db
        .select()
        .from(deliveries)
        .where(and(eq(deliveries.locationId, locationId), eq(deliveries.kind, 'push')))
    )[0]?.state
  await age(29)
  start()
  await expect.poll(() => waits(locationId), { timeout: 20_000 }).toBeGreaterThan(50)
  expect(await stateOf()).toBe('ready')
  await age(31)
  await kit.ctx.db.execute(sql`update lanes set due_at = now() where location_id = ${locationId}`)
  await expect.poll(stateOf, { timeout: 20_000 }).toBe('given_up')
}, 60_000)
