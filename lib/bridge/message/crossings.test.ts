/** What may happen between two steps of a message: each schedule here once lost, doubled or stranded something. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eq, sql } from 'drizzle-orm'
import { messages, parts } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { owner, recordingLine, startBridgeKit, type BridgeKit, type RecordingLine } from '@/e2e/bridge-kit'
import { SendError, type OwnedSession } from '@/lib/channel/channel'
import { CrmError, type ProviderMessage } from '@/lib/highlevel/highlevel'
import type { Address, ContactId, CrmMessageId, LocationId, RemoteId } from '@/lib/ids'
import { claimForAnyone, claimForSessions, type ClaimedDelivery } from '@/lib/outbox/claim'
import { giveUpSession } from '../session/give-up-session'
import { acceptOutbound } from './accept-outbound'
import { hearInbound } from './hear-inbound'
import { hearReceipts } from './hear-receipt'
import { createPartWrites } from './part-writes'
import { pushInbound } from './push-inbound'
import { routeMessage } from './route-message'
import { loadParts, sendPart } from './send-part'

let kit: BridgeKit
let locationId: LocationId
let line: RecordingLine
let contact: { id: string; phone?: string | null }
let one: OwnedSession & { channel: 'whatsapp' }
let numbers = 0

beforeAll(async () => {
  kit = await startBridgeKit()
})
afterAll(() => kit.close())
beforeEach(async () => {
  locationId = await kit.subAccount()
  line = recordingLine()
  one = await kit.session(locationId, 1)
  contact = await kit.crm.createContact(locationId, { name: 'Ana', phone: nextPhone() })
})

const nextPhone = () => `+1555300${String(++numbers).padStart(4, '0')}`
const fromCrm = (text: string, over: Partial<ProviderMessage> = {}): ProviderMessage => ({
  locationId,
  contactId: contact.id as ContactId,
  crmMessageId: `crossing-${++numbers}` as CrmMessageId,
  text,
  attachments: [],
  phone: contact.phone ?? null,
  userId: null,
  providerId: null,
  conversationId: null,
  ...over,
})
const accept = (message: ProviderMessage) => acceptOutbound(kit.ctx, { message, signature: 'good' })
const stored = async (message: ProviderMessage) =>
  (await kit.ctx.db.select().from(messages).where(eq(messages.crmMessageId, message.crmMessageId)))[0]!
const partsOf = async (message: ProviderMessage) =>
  await kit.ctx.db
    .select()
    .from(parts)
    .where(eq(parts.messageId, (await stored(message)).id))
    .orderBy(parts.seq)

/** The contact's facts are known: the message is bound at once. */
async function acceptKnown(message: ProviderMessage): Promise<void> {
  await accept(message)
  for (const delivery of await claimRoutes()) await routeMessage(kit.ctx, owner, delivery)
}
async function claimRoutes(): Promise<ClaimedDelivery[]> {
  const claimed = await claimForAnyone(kit.ctx.db, owner, { limit: 50, holdMs: 60_000, except: [] })
  return claimed.filter((delivery) => delivery.locationId === locationId && delivery.kind === 'route')
}
async function claimPart() {
  const [delivery] = await claimForSessions(kit.ctx.db, owner, [{ sessionId: one.id, epoch: one.epoch, limit: 1 }])
  const part = delivery && (await loadParts(kit.ctx, [delivery.subjectId])).get(delivery.subjectId)
  return delivery && part ? { delivery, part, epoch: one.epoch } : null
}
const send = (work: NonNullable<Awaited<ReturnType<typeof claimPart>>>) =>
  sendPart(kit.ctx, line, createPartWrites(kit.ctx, owner), work, () => {})
const stop = (wanted: 'closed' | 'unlinked' | 'removed') =>
  kit.ctx.db.update(sessions).set({ wanted, status: 'stopped' }).where(eq(sessions.id, one.id))

test('a part whose chat joins another while it is worked leaves from the other chat', async () => {
  const phone = contact.phone!
  const lid = '900100200300@lid' as Address
  await acceptKnown(fromCrm('written to the number'))
  // Heard by a name of the network that nobody can connect to the number yet; theirs is the older CRM contact.
  const stranger = { address: lid, aliases: [lid], phone: null, name: 'Ana' }
  const heard = { type: 'message', id: 'AAA' as RemoteId, person: stranger, fromPhone: false } as const
  await hearInbound(kit.ctx, one, { ...heard, content: { kind: 'text', text: 'hi' }, at: new Date() })
  await kit.ctx.db.execute(
    sql`update people set contact_id = case when phone is null then 'known' end where location_id = ${locationId}`,
  )
  line.lids.set(phone, lid)

  expect(await send((await claimPart())!)).toBe('moved')
  const again = await claimPart()
  expect(again).not.toBeNull()
  expect(await send(again!)).toBe('sent')
  expect(line.sent.map(({ text }) => text)).toEqual(['written to the number'])
})

test('two workers that route one message bind it once', async () => {
  const message = fromCrm('once')
  await accept(message)
  const [delivery] = await claimRoutes()
  // The first hung until its hold was over and the second had begun.
  await Promise.all([routeMessage(kit.ctx, owner, delivery!), routeMessage(kit.ctx, 'another-worker', delivery!)])
  expect(await partsOf(message)).toHaveLength(1)
})

test.each(['closed', 'unlinked', 'removed'] as const)(
  'a part that was on its way when its session became %s and did not leave fails with the reason',
  async (wanted) => {
    const message = fromCrm('too late')
    await acceptKnown(message)
    const work = await claimPart()
    line.send = async () => {
      await stop(wanted)
      throw new SendError('The WhatsApp session is not connected.', { fate: 'not_sent' })
    }
    await send(work!)
    expect(await stored(message)).toMatchObject({ status: 'failed' })
    expect((await stored(message)).failureCode).toMatch(/^session_/)
    expect(await claimPart()).toBeNull()
  },
)

test('a part that was on its way when its session was suspended and did not leave fails with the reason', async () => {
  const message = fromCrm('unpaid')
  await acceptKnown(message)
  const work = await claimPart()
  line.send = async () => {
    await kit.ctx.db
      .update(sessions)
      .set({ status: 'suspended', underStatus: 'connected' })
      .where(eq(sessions.id, one.id))
    throw new SendError('WhatsApp did not take it.', { fate: 'not_sent' })
  }
  await send(work!)
  expect(await stored(message)).toMatchObject({ status: 'failed', failureCode: 'session_unpaid' })
  expect(await claimPart()).toBeNull()
})

test('a part in doubt ends with the session that is given up', async () => {
  const message = fromCrm('who knows')
  await acceptKnown(message)
  line.failNext = new SendError('no answer', { fate: 'unknown' })
  expect(await send((await claimPart())!)).toBe('unknown')
  await stop('removed')
  await giveUpSession(kit.ctx, one, { confirmed: true })
  expect(await stored(message)).toMatchObject({ status: 'failed', sessionId: null })
})

test('a receipt that comes between a part in doubt and its second sending does not cost the session', async () => {
  const message = fromCrm('arrived')
  await acceptKnown(message)
  line.failNext = new SendError('no answer', { fate: 'unknown' })
  await send((await claimPart())!)
  const again = (await claimPart())!
  await hearReceipts(kit.ctx, [{ sessionId: one.id, epoch: 1, ids: [again.part.remote_id], status: 'delivered' }])
  expect(await send(again)).toBe('sent')
  expect(await stored(message)).toMatchObject({ status: 'delivered' })
})

test('two parts of one message that end at the same moment do not hide each other', async () => {
  const message = fromCrm('long '.repeat(20_000))
  await acceptKnown(message)
  const [first, second] = await partsOf(message)
  expect(second).toBeDefined()
  await kit.ctx.db.update(parts).set({ state: 'accepted' }).where(eq(parts.messageId, first!.messageId))
  let receipt: Promise<void> | undefined
  await kit.ctx.db.transaction(async (tx) => {
    await tx.update(parts).set({ state: 'failed' }).where(eq(parts.id, second!.id))
    await tx.update(messages).set({ status: 'failed' }).where(eq(messages.id, first!.messageId))
    receipt = hearReceipts(kit.ctx, [{ sessionId: one.id, epoch: 1, ids: [first!.remoteId], status: 'delivered' }])
    // Until the receipt waits for this transaction.
    for (;;) {
      const waiting = await kit.ctx.db.execute(
        sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      if (waiting.length > 0) break
    }
  })
  await receipt
  expect(await stored(message)).toMatchObject({ status: 'failed' })
})

test('whether a contact may be disturbed is asked for each of two contacts with one number', async () => {
  await acceptKnown(fromCrm('to the first'))
  const other = await kit.crm.createContact(locationId, { name: 'Ana, again', phone: nextPhone() })
  const message = fromCrm('to the second', { contactId: other.id as ContactId })
  await accept(message)
  expect(await stored(message)).toMatchObject({ status: 'received' })
  for (const delivery of await claimRoutes()) await routeMessage(kit.ctx, owner, delivery)
  expect(await stored(message)).toMatchObject({ status: 'queued' })
  await kit.ctx.db.update(people).set({ dnd: true }).where(eq(people.locationId, locationId))
  const unwanted = fromCrm('to the first, who said no')
  await accept(unwanted)
  expect(await stored(unwanted)).toMatchObject({ status: 'failed', failureCode: 'dnd' })
})

test('a refusal is not taken for final while the CRM cannot say whether the contact is there', async () => {
  const person = { address: '900100200301@lid' as Address, aliases: [], phone: contact.phone!, name: 'Ana' }
  await hearInbound(kit.ctx, one, {
    ...{ type: 'message', id: 'BBB' as RemoteId, person: { ...person, aliases: [person.address] }, fromPhone: false },
    ...{ content: { kind: 'text', text: 'hi' }, at: new Date() },
  })
  const claimed = await claimForAnyone(kit.ctx.db, owner, { limit: 50, holdMs: 60_000, except: [] })
  const delivery = claimed.find((each) => each.locationId === locationId && each.kind === 'push')!
  const api = kit.ctx.highlevel.forSubAccount(locationId)
  const refusing = {
    ...api,
    addMessage: () => Promise.reject(new CrmError('refused', 'no such contact')),
    getContact: () => Promise.reject(new CrmError('try_later', 'too many requests')),
  }
  const pushing = pushInbound({ ...kit.ctx, highlevel: { forSubAccount: () => refusing } }, owner, delivery)
  await expect(pushing).rejects.toMatchObject({ kind: 'try_later' })
})

test('blanks around the places where a long text is cut make no empty parts', async () => {
  const message = fromCrm(`${'word '.repeat(13_000)}${' '.repeat(70_000)}end`)
  await acceptKnown(message)
  expect(await partsOf(message)).toHaveLength(2)
})

test('a worker whose clock is an hour ahead does not make a part wait an hour', async () => {
  await acceptKnown(fromCrm('maybe'))
  line.failNext = new SendError('no answer', { fate: 'unknown' })
  const clock = { ...kit.ctx.clock, now: () => new Date(Date.now() + 3_600_000) }
  const ahead = { ...kit.ctx, clock }
  expect(await sendPart(ahead, line, createPartWrites(ahead, owner), (await claimPart())!, () => {})).toBe('unknown')
  expect(await claimPart()).toMatchObject({ delivery: { inDoubt: true } })
})

test('ids that cannot be stored, made up by whoever writes to us, stop neither receipts nor messages', async () => {
  const message = fromCrm('hello')
  await acceptKnown(message)
  await send((await claimPart())!)
  const [part] = await partsOf(message)
  const receipt = { sessionId: one.id, epoch: 1, status: 'read' as const }
  await hearReceipts(kit.ctx, [
    { ...receipt, ids: ['A\0B' as RemoteId, '\ud800' as RemoteId] },
    { ...receipt, ids: [part!.remoteId] },
  ])
  expect(await stored(message)).toMatchObject({ status: 'read' })
  const person = {
    address: '900100200302@lid' as Address,
    aliases: ['900100200302@lid' as Address],
    phone: null,
    name: 'Bo',
  }
  const heard = { type: 'message', person, content: { kind: 'text', text: 'hi' }, at: new Date() } as const
  for (const fromPhone of [false, true]) {
    await hearInbound(kit.ctx, one, { ...heard, fromPhone, id: `C\0\ud800${fromPhone}` as RemoteId })
  }
  const rows = await kit.ctx.db.select().from(messages).where(eq(messages.sessionId, one.id))
  expect(rows.filter(({ remoteId }) => remoteId?.startsWith('C'))).toHaveLength(2)
})
