import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { deliveries } from '@/db/schema/deliveries'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { owner, startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import type { OwnedSession } from '@/lib/channel/channel'
import type { Address, LocationId, RemoteId } from '@/lib/ids'
import { claimForAnyone, type ClaimedDelivery } from '@/lib/outbox/claim'
import { settleDeliveries } from '@/lib/outbox/settle'
import type { Settings } from '../sub-account/settings'
import { hearInbound } from './hear-inbound'
import { pushInbound } from './push-inbound'
import { pushReceived } from './push-received'

type Session = OwnedSession & { channel: 'whatsapp' }

let kit: BridgeKit
let locationId: LocationId
let one: Session
let ana: { phone: string; address: Address }
let numbers = 0

beforeAll(async () => {
  kit = await startBridgeKit()
  // Looking again after a lost answer takes seconds.
  kit.ctx.clock = { ...kit.ctx.clock, sleep: async () => {} }
})
afterAll(() => kit.close())
beforeEach(async () => {
  locationId = await kit.subAccount()
  one = await kit.session(locationId, 1)
  const phone = `+1555400${String(++numbers).padStart(4, '0')}`
  ana = { phone, address: `${phone.slice(1)}@s.whatsapp.net` as Address }
})

const hear = (session: Session, text: string, fromPhone = false) =>
  hearInbound(kit.ctx, session, {
    ...{ type: 'message', id: `N${randomUUID()}` as RemoteId, fromPhone, content: { kind: 'text', text } },
    person: { address: ana.address, aliases: [ana.address], phone: ana.phone, name: 'Ana' },
    at: new Date(),
  })
async function claim(): Promise<ClaimedDelivery | undefined> {
  for (;;) {
    const [delivery] = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
    // What is not asked for stays claimed and out of the way.
    if (!delivery || delivery.kind === 'push' || delivery.kind === 'received') return delivery
  }
}
const work = (delivery: ClaimedDelivery) =>
  delivery.kind === 'push' ? pushInbound(kit.ctx, owner, delivery) : pushReceived(kit.ctx, owner, delivery)
async function workAll(): Promise<void> {
  for (let next = await claim(); next; next = await claim()) await work(next)
}
const label = (inboundLabel: Settings['inboundLabel']) =>
  kit.ctx.db.update(subAccounts).set({ settings: { inboundLabel } }).where(eq(subAccounts.id, locationId))
const on = ({ phone }: Session, name: string) => `Received on ${name} (${phone})`
/** As the team reads the conversation, the words of the customer in quotes. */
async function thread(): Promise<string[]> {
  const posted = await kit.crm.history(0, ['message-posted'])
  return posted
    .filter((event) => event.locationId === locationId)
    .map(({ via, text }) => (via === 'send' ? String(text) : `"${text}"`))
}

test('a note says which number received a message, at the first and when it changes, and stands before it', async () => {
  const two = await kit.session(locationId, 2)
  for (const [session, text] of [
    [one, 'first'],
    [one, 'second'],
    [two, 'third'],
    [one, 'fourth'],
  ] as const)
    await hear(session, text)
  await hear(two, 'typed on the phone', true)
  await hear(one, 'fifth')
  await workAll()
  expect(await thread()).toEqual([
    ...[on(one, 'Line 1'), '"first"', '"second"', on(two, 'Line 2'), '"third"', on(one, 'Line 1'), '"fourth"'],
    ...['"typed on the phone"', '"fifth"'],
  ])
})

test('one number alone is not named, and one that was removed or never linked is no other', async () => {
  await hear(one, 'first')
  const gone = await kit.session(locationId, 2)
  const unlinked = await kit.session(locationId, 3)
  await kit.ctx.db.update(sessions).set({ wanted: 'removed' }).where(eq(sessions.id, gone.id))
  await kit.ctx.db.update(sessions).set({ phone: null }).where(eq(sessions.id, unlinked.id))
  await hear(one, 'second')
  await workAll()
  expect(await thread()).toEqual(['"first"', '"second"'])
  await label('prefix_each')
  await hear(one, 'third')
  await workAll()
  expect((await thread()).at(-1)).toBe('"third"')
})

test('set to never, nothing says it', async () => {
  const two = await kit.session(locationId, 2)
  await label('never')
  await hear(one, 'first')
  await hear(two, 'second')
  await workAll()
  expect(await thread()).toEqual(['"first"', '"second"'])
})

test('set to each message, every one received begins with it, and what was typed on the phone does not', async () => {
  const two = await kit.session(locationId, 2)
  await label('prefix_each')
  await hear(one, 'first')
  await hear(two, 'second')
  await hear(two, 'third')
  await hear(two, 'typed on the phone', true)
  await workAll()
  expect(await thread()).toEqual(['"[Line 1] first"', '"[Line 2] second"', '"[Line 2] third"', '"typed on the phone"'])
})

test('a note whose answer was lost is not written twice, also where the same words stood there before', async () => {
  const two = await kit.session(locationId, 2)
  await hear(one, 'first')
  await hear(two, 'second')
  await workAll()
  await hear(one, 'third')
  const wanted = [on(one, 'Line 1'), '"first"', on(two, 'Line 2'), '"second"', on(one, 'Line 1'), '"third"']
  const delivery = (await claim())!
  expect(delivery.kind).toBe('received')
  await kit.crm.fault('drop-before', { locationId, path: '^/conversations/messages$', times: 1 })
  await expect(work(delivery)).rejects.toMatchObject({ kind: 'unknown' })
  await kit.crm.fault('drop-after', { locationId, path: '^/conversations/messages$', times: 1 })
  await expect(work({ ...delivery, inDoubt: true })).rejects.toMatchObject({ kind: 'unknown' })
  await work({ ...delivery, inDoubt: true })
  await workAll()
  expect(await thread()).toEqual(wanted)
})

test('a note the CRM fails at holds the message back only so long', async () => {
  await kit.session(locationId, 2)
  await hear(one, 'important')
  await kit.crm.fault('status', { status: 500, locationId, path: '^/conversations/messages$' })
  for (let failures = 0; failures < 3; failures++) {
    const delivery = (await claim())!
    expect(delivery).toMatchObject({ kind: 'received', failures })
    await work(delivery).catch((error: unknown) => {
      expect(error).toMatchObject({ isCounted: true })
      const settlement = { outcome: 'retry', afterMs: 0, why: 'failed', counts: true } as const
      return settleDeliveries(kit.ctx.db, owner, [{ delivery, settlement }])
    })
    await kit.ctx.db.execute(sql`update lanes set due_at = now() where location_id = ${locationId} and busy_by is null`)
  }
  await workAll()
  expect(await thread()).toEqual(['"important"'])
  const rows = await kit.ctx.db.select().from(deliveries).where(eq(deliveries.locationId, locationId))
  expect(rows.find(({ kind }) => kind === 'received')).toMatchObject({ state: 'given_up' })
})
