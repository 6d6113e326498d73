import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { messages } from '@/db/schema/messages'
import { chats, people } from '@/db/schema/people'
import { owner, recordingLine, startBridgeKit, type BridgeKit, type RecordingLine } from '@/e2e/bridge-kit'
import type { OwnedSession, Person } from '@/lib/channel/channel'
import type { SubAccountApi } from '@/lib/highlevel/highlevel'
import type { Address, ContactId, CrmMessageId, LocationId, RemoteId } from '@/lib/ids'
import { claimForAnyone, claimForSessions, type ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { acceptOutbound } from '../message/accept-outbound'
import { hearInbound } from '../message/hear-inbound'
import { createPartWrites } from '../message/part-writes'
import { pushInbound } from '../message/push-inbound'
import { routeMessage } from '../message/route-message'
import { loadParts, sendPart } from '../message/send-part'
import { completeContact } from './complete-contact'
import { hearAlias } from './hear-alias'
import { pushTags } from './push-tags'

let kit: BridgeKit
let locationId: LocationId
let one: OwnedSession & { channel: 'whatsapp' }
let line: RecordingLine
let phone: string
let hidden: Person
let known: Person
let numbers = 0

beforeAll(async () => {
  kit = await startBridgeKit()
})
afterAll(() => kit.close())
beforeEach(async () => {
  locationId = await kit.subAccount()
  one = await kit.session(locationId, 1)
  line = recordingLine()
  phone = `+1555600${String(++numbers).padStart(4, '0')}`
  const lid = `9${phone.slice(1)}@lid` as Address
  hidden = { address: lid, aliases: [lid], phone: null, name: 'Gwen' }
  known = { ...hidden, aliases: [lid, `${phone.slice(1)}@s.whatsapp.net` as Address], phone }
})

/** As if they had been waited for in vain. */
async function hear(person: Person, text: string): Promise<void> {
  await hearInbound(kit.ctx, one, {
    ...{ type: 'message', id: `H${randomUUID()}` as RemoteId, person, fromPhone: false },
    ...{ content: { kind: 'text', text }, at: new Date() },
  })
  await kit.ctx.db
    .update(messages)
    .set({ createdAt: sql`now() - interval '31 seconds'` })
    .where(eq(messages.locationId, locationId))
}
type Verb = (ctx: BridgeKit['ctx'], owner: string, delivery: ClaimedDelivery) => Promise<unknown>
const verbs: Record<string, Verb> = { push: pushInbound, complete: completeContact, tag: pushTags, route: routeMessage }
async function claim(): Promise<ClaimedDelivery | undefined> {
  for (;;) {
    const [delivery] = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
    // What other tests left stays claimed and out of the way.
    if (!delivery || delivery.locationId === locationId) return delivery
  }
}
async function work(ctx = kit.ctx): Promise<void> {
  for (let next = await claim(); next; next = await claim()) await verbs[next.kind]?.(ctx, owner, next)
}
async function send(): Promise<void> {
  const asked = [{ sessionId: one.id, epoch: one.epoch, limit: 1 }]
  for (;;) {
    const [delivery] = await claimForSessions(kit.ctx.db, owner, asked)
    if (!delivery) return
    const part = (await loadParts(kit.ctx, [delivery.subjectId])).get(delivery.subjectId)!
    await sendPart(kit.ctx, line, createPartWrites(kit.ctx, owner), { delivery, part, epoch: 1 }, () => {})
  }
}
let written = 0
async function write(contactId: string, text: string, to: string | null): Promise<CrmMessageId> {
  const crmMessageId = `written-${++written}` as CrmMessageId
  const message = {
    ...{ locationId, contactId: contactId as ContactId, crmMessageId, text, attachments: [], phone: to },
    ...{ userId: null, providerId: null, conversationId: null },
  }
  await acceptOutbound(kit.ctx, { message, signature: 'good' })
  return crmMessageId
}
const contacts = () => kit.crm.contacts(locationId)
const posts = async () =>
  (await kit.crm.history(0, ['message-posted']))
    .filter((event) => event.locationId === locationId)
    .map(({ contactId, text }) => [contactId, text])
const asking = (over: (api: SubAccountApi) => Partial<SubAccountApi>): BridgeKit['ctx'] => {
  const api = kit.ctx.highlevel.forSubAccount(locationId)
  return { ...kit.ctx, highlevel: { forSubAccount: () => ({ ...api, ...over(api) }) } }
}

test('a contact made without a number gets it once it is known, and stays the one', async () => {
  await hear(hidden, 'who am I')
  await work()
  const [before] = await contacts()
  expect(before).toMatchObject({ firstName: 'Gwen', source: expect.stringMatching(/^WhatsApp [0-9a-f]{16}$/) })
  expect(before!.phone).toBeUndefined()
  await hearAlias(kit.ctx, one, known)
  await work()
  expect(await contacts()).toMatchObject([{ id: before!.id, phone, source: 'WhatsApp' }])
  await hear(hidden, 'now you know')
  await hearAlias(kit.ctx, one, known)
  await work()
  expect(await posts()).toEqual([
    [before!.id, 'who am I'],
    [before!.id, 'now you know'],
  ])
  await write(before!.id, 'answer', phone)
  await work()
  await send()
  expect(line.sent.map(({ to, text }) => [to, text])).toEqual([[hidden.address, 'answer']])
})

test('where the CRM has a contact with the number, they are that one from then on', async () => {
  const theirs = await kit.crm.createContact(locationId, { name: 'Gwendolyn', phone })
  await hear(hidden, 'who am I')
  await work()
  const placeholder = (await contacts()).find(({ id }) => id !== theirs.id)!
  await hear(known, 'it is me')
  await work()
  expect(await posts()).toEqual([
    [placeholder.id, 'who am I'],
    [theirs.id, 'it is me'],
  ])
  const after = await contacts()
  expect(after).toHaveLength(2)
  expect(after.find(({ id }) => id === placeholder.id)!.phone).toBeUndefined()
  expect(after.find(({ id }) => id === theirs.id)!.tags).toContain('wa-inbound')
  await write(theirs.id, 'answer', phone)
  await work()
  await send()
  expect(line.sent.map(({ to, text }) => [to, text])).toEqual([[hidden.address, 'answer']])
  expect(await kit.ctx.db.select().from(chats).where(eq(chats.locationId, locationId))).toHaveLength(1)
  const late = await write(placeholder.id, 'to the one left behind', null)
  await work()
  const [failed] = await kit.ctx.db.select().from(messages).where(eq(messages.crmMessageId, late))
  expect(failed).toMatchObject({ status: 'failed', failureCode: 'invalid_number' })
})

test('so they are where the CRM finds out first, or a contact known by nothing but its id has the number', async () => {
  await hear(hidden, 'who am I')
  await work()
  const theirs = await kit.crm.createContact(locationId, { name: 'Gwendolyn', phone })
  await write(theirs.id, 'written before', null)
  await hearAlias(kit.ctx, one, known)
  await work(asking(() => ({ findContactByPhone: () => Promise.resolve(null) })))
  await hear(hidden, 'it is me')
  await work()
  expect((await posts()).at(-1)).toEqual([theirs.id, 'it is me'])
  const rows = await kit.ctx.db.select().from(people).where(eq(people.locationId, locationId))
  expect(rows).toMatchObject([{ contactId: theirs.id, phone }])
})

test('one who turns out to be a contact written to by number is that contact, not the one without', async () => {
  await hear(hidden, 'who am I')
  await work()
  const theirs = await kit.crm.createContact(locationId, { name: 'Gwendolyn', phone })
  line.lids.set(phone, hidden.address)
  await write(theirs.id, 'hello', phone)
  await work()
  await send()
  await hear(hidden, 'it is me')
  await work()
  expect((await posts()).at(-1)).toEqual([theirs.id, 'it is me'])
  expect(await kit.ctx.db.select().from(chats).where(eq(chats.locationId, locationId))).toHaveLength(1)
})

test('who had neither a name nor a number is called by the number', async () => {
  await hear({ ...hidden, name: null }, 'who am I')
  await work()
  const named = async () => (await contacts()).map(({ firstName, lastName }) => `${firstName} ${lastName}`)
  expect(await named()).toEqual(['WhatsApp contact'])
  await hearAlias(kit.ctx, one, { ...known, name: null })
  await work()
  expect(await named()).toEqual([`WhatsApp ${phone}`])
})

test('a number somebody else has given the contact meanwhile stays', async () => {
  await hear(hidden, 'who am I')
  await work()
  const [placeholder] = await contacts()
  await kit.crm.changeContact(placeholder!, { phone: '+15556999999' })
  await hearAlias(kit.ctx, one, known)
  await work()
  expect(await contacts()).toMatchObject([{ id: placeholder!.id, phone: '+15556999999' }])
})

test('an answer lost after a contact without a number was made does not make a second', async () => {
  await hear(hidden, 'only once')
  const stranger = `8${phone.slice(1)}@lid` as Address
  await hear({ ...hidden, address: stranger, aliases: [stranger] }, 'another Gwen')
  await kit.crm.fault('drop-after', { locationId, method: 'POST', path: '^/contacts/$', times: 1 })
  const delivery = (await claim())!
  await expect(pushInbound(kit.ctx, owner, delivery)).rejects.toMatchObject({ kind: 'unknown' })
  expect(await contacts()).toHaveLength(1)
  await work()
  await pushInbound(kit.ctx, owner, { ...delivery, inDoubt: true })
  expect(await contacts()).toHaveLength(2)
  expect(new Set((await posts()).map(([contactId]) => contactId)).size).toBe(2)
}, 60_000)

test('nor does a worker that stood still make one, and where the CRM cannot look, they are a contact all the same', async () => {
  await hear(hidden, 'only once')
  const delivery = (await claim())!
  await expect(pushInbound(kit.ctx, owner, delivery, () => false)).rejects.toThrow(HoldLost)
  expect(await contacts()).toEqual([])
  await kit.crm.fault('status', { status: 422, locationId, path: '^/contacts/search$' })
  await pushInbound(kit.ctx, owner, delivery)
  expect(await contacts()).toHaveLength(1)
})
