import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eq, sql } from 'drizzle-orm'
import { messages, parts } from '@/db/schema/messages'
import { chats, people, personAddresses } from '@/db/schema/people'
import { leases, sessions } from '@/db/schema/sessions'
import { findInDump } from '@/db/test-dump'
import { owner, recordingLine, startBridgeKit, type BridgeKit, type RecordingLine } from '@/e2e/bridge-kit'
import { SendError, type Content, type OwnedSession, type Person } from '@/lib/channel/channel'
import { LostOwnership } from '@/lib/errors'
import type { ProviderMessage } from '@/lib/highlevel/highlevel'
import type { Address, CompanyId, ContactId, CrmMessageId, LocationId, RemoteId, UserId } from '@/lib/ids'
import { claimForAnyone, claimForSessions, reclaimSession } from '@/lib/outbox/claim'
import { hearAlias } from '../contact/hear-alias'
import type { Actor } from '../context'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { acceptOutbound } from './accept-outbound'
import { hearInbound } from './hear-inbound'
import { hearReceipts } from './hear-receipt'
import { createPartWrites } from './part-writes'
import { pushInbound } from './push-inbound'
import { previewRouting } from './preview-routing'
import { pushReceived } from './push-received'
import { createPushStatus } from './push-status'
import { readMessage } from './read'
import { routeMessage } from './route-message'
import { sendFromApi } from './send-from-api'
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

const nextPhone = () => `+1555200${String(++numbers).padStart(4, '0')}`
let handed = 0
const fromCrm = (text: string, over: Partial<ProviderMessage> = {}): ProviderMessage => ({
  locationId,
  contactId: contact.id as ContactId,
  crmMessageId: `crm-${++handed}` as CrmMessageId,
  text,
  attachments: [],
  phone: contact.phone ?? null,
  userId: null,
  providerId: null,
  conversationId: null,
  ...over,
})
const accept = (message: ProviderMessage) => acceptOutbound(kit.ctx, { message, signature: 'good' })

async function workCrm(kinds = ['route', 'push', 'received', 'status']): Promise<number> {
  let done = 0
  for (;;) {
    const claimed = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
    const [delivery] = claimed
    if (!delivery) return done
    // What earlier tests left unfinished stays claimed and out of the way.
    if (delivery.locationId !== locationId || !kinds.includes(delivery.kind)) continue
    if (delivery.kind === 'status') await createPushStatus(kit.ctx, owner)(delivery)
    else
      await { route: routeMessage, push: pushInbound, received: pushReceived }[delivery.kind as 'route'](
        kit.ctx,
        owner,
        delivery,
      )
    done += 1
  }
}

async function sendAll(session = one): Promise<string[]> {
  const writes = createPartWrites(kit.ctx, owner)
  const outcomes: string[] = []
  for (;;) {
    const [delivery] = await claimForSessions(kit.ctx.db, owner, [
      { sessionId: session.id, epoch: session.epoch, limit: 1 },
    ])
    if (!delivery) return outcomes
    const part = (await loadParts(kit.ctx, [delivery.subjectId])).get(delivery.subjectId)!
    const outcome = await sendPart(kit.ctx, line, writes, { delivery, part, epoch: session.epoch }, () => {})
    outcomes.push(outcome)
    if (outcome === 'unknown') return outcomes
  }
}

const stored = async (crmMessageId: CrmMessageId) =>
  (await kit.ctx.db.select().from(messages).where(eq(messages.crmMessageId, crmMessageId)))[0]!
const texts = () => line.sent.map((each) => each.text)

describe('from the CRM to WhatsApp', () => {
  test('a message of an unknown contact waits for the CRM to say whether they may be written to, then leaves once', async () => {
    const message = fromCrm('hello')
    expect(await accept(message)).toBe('accepted')
    expect((await stored(message.crmMessageId)).status).toBe('received')
    await workCrm()
    expect(await sendAll()).toEqual(['sent'])
    expect(texts()).toEqual(['hello'])
    expect(await stored(message.crmMessageId)).toMatchObject({ status: 'sent', sessionId: one.id, trace: { rule: 7 } })
  })

  test('the same message id twice, or five times at once, sends once', async () => {
    const message = fromCrm('once')
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => accept(message)))
    expect(outcomes.sort()).toEqual(['accepted', 'repeated', 'repeated', 'repeated', 'repeated'])
    expect(await accept(message)).toBe('repeated')
    await workCrm()
    await sendAll()
    expect(texts()).toEqual(['once'])
  })

  test('order within a chat is the order of acceptance, also behind a message that waits for a fact', async () => {
    for (const text of ['1', '2', '3']) await accept(fromCrm(text))
    await workCrm()
    for (const text of ['4', '5']) await accept(fromCrm(text))
    await sendAll()
    expect(texts()).toEqual(['1', '2', '3', '4', '5'])
  })

  test('a code picks the session, is removed, and a missing one fails visibly', async () => {
    const two = await kit.session(locationId, 2)
    const good = fromCrm('#WH2 hello')
    const bad = fromCrm('#WH3 hello')
    const empty = fromCrm('#WH1')
    for (const message of [good, bad, empty]) await accept(message)
    await workCrm(['route'])
    expect(await sendAll(one)).toEqual([])
    expect(await sendAll(two)).toEqual(['sent'])
    expect(texts()).toEqual(['hello'])
    expect(await stored(bad.crmMessageId)).toMatchObject({ status: 'failed', failureCode: 'session_not_found' })
    expect(await stored(empty.crmMessageId)).toMatchObject({ status: 'failed', failureCode: 'empty_after_codes' })
  })

  test('an attachment fails with a sentence, a contact not to be disturbed is left alone', async () => {
    const file = fromCrm('look', { attachments: ['https://example.com/a.png'] })
    await accept(file)
    await workCrm(['route'])
    expect(await stored(file.crmMessageId)).toMatchObject({ status: 'failed', failureCode: 'unsupported' })
    await kit.ctx.db.update(people).set({ dnd: true }).where(eq(people.locationId, locationId))
    const unwanted = fromCrm('psst')
    await accept(unwanted)
    expect(await stored(unwanted.crmMessageId)).toMatchObject({ status: 'failed', failureCode: 'dnd' })
    expect(line.sent).toEqual([])
  })

  test('an unsigned delivery is sent only when the CRM knows it exactly so', async () => {
    const real = await kit.crm.write(contact.id, 'true words')
    const honest = fromCrm('true words', { crmMessageId: real.id as CrmMessageId })
    await acceptOutbound(kit.ctx, { message: honest, signature: 'unsigned' })
    const other = await kit.crm.write(contact.id, 'true words')
    const forged = fromCrm('false words', { crmMessageId: other.id as CrmMessageId })
    await acceptOutbound(kit.ctx, { message: forged, signature: 'unsigned' })
    const text = 'for a colleague’s channel'
    const byOthers = await kit.crm.write(contact.id, text, { channel: 'sms' })
    const borrowed = fromCrm(text, { crmMessageId: byOthers.id as CrmMessageId })
    await acceptOutbound(kit.ctx, { message: borrowed, signature: 'unsigned' })
    const third = await kit.crm.write(contact.id, 'private words')
    const diverted = fromCrm('private words', { crmMessageId: third.id as CrmMessageId, phone: '+34699999999' })
    await acceptOutbound(kit.ctx, { message: diverted, signature: 'unsigned' })
    await workCrm(['route'])
    await sendAll()
    expect(texts()).toEqual(['true words'])
    for (const each of [forged, borrowed, diverted]) expect((await stored(each.crmMessageId)).status).toBe('failed')
  })

  test('an unsigned delivery says nothing about who a contact is until it has been read back', async () => {
    const theirs = contact.phone!
    const strangers = '+34699111222'
    const forged = fromCrm('hello', { phone: strangers })
    await acceptOutbound(kit.ctx, { message: forged, signature: 'unsigned' })
    const addresses = await kit.ctx.db.select().from(personAddresses).where(eq(personAddresses.locationId, locationId))
    expect(addresses).toEqual([])
    await workCrm(['route']).catch(() => {})

    const written = await kit.crm.write(contact.id, 'true words')
    const honest = fromCrm('true words', { crmMessageId: written.id as CrmMessageId })
    await kit.ctx.db.execute(sql`update lanes set due_at = now() where location_id = ${locationId}`)
    await kit.ctx.db.execute(
      sql`delete from deliveries where subject_id = (select id from messages where crm_message_id = ${forged.crmMessageId})`,
    )
    await acceptOutbound(kit.ctx, { message: honest, signature: 'unsigned' })
    await kit.ctx.db.execute(sql`update lanes set busy_by = null, due_at = now() where location_id = ${locationId}`)
    await workCrm(['route'])
    await sendAll()
    expect(texts()).toEqual(['true words'])
    const learned = await kit.ctx.db.select().from(people).where(eq(people.locationId, locationId))
    expect(learned).toMatchObject([{ contactId: contact.id, phone: theirs }])
  })

  test('an unsigned delivery the CRM does not know is held, and never sent', async () => {
    const invented = fromCrm('invented')
    await acceptOutbound(kit.ctx, { message: invented, signature: 'unsigned' })
    await expect(workCrm(['route'])).rejects.toMatchObject({ kind: 'not_yet' })
    await sendAll()
    expect((await stored(invented.crmMessageId)).status).toBe('received')
    expect(line.sent).toEqual([])
  })

  test('what could not be routed for a day fails instead of leaving late', async () => {
    const late = fromCrm('good morning')
    await accept(late)
    await kit.ctx.db
      .update(messages)
      .set({ occurredAt: new Date(Date.now() - 25 * 3_600_000) })
      .where(eq(messages.crmMessageId, late.crmMessageId))
    await workCrm(['route'])
    expect(await stored(late.crmMessageId)).toMatchObject({ status: 'failed', failureCode: 'expired' })
  })

  test('a number that is not on WhatsApp fails as such, and is not asked about again', async () => {
    line.absent.add(contact.phone!)
    const first = fromCrm('anyone?')
    await accept(first)
    await workCrm(['route'])
    expect(await sendAll()).toEqual(['failed'])
    expect(await stored(first.crmMessageId)).toMatchObject({ failureCode: 'not_on_whatsapp' })
    line.absent.clear()
    await accept(fromCrm('still not asked'))
    expect(await sendAll()).toEqual(['failed'])
  })

  test('while a session reconnects its messages wait; the others fail at once', async () => {
    await kit.ctx.db.update(sessions).set({ status: 'reconnecting' }).where(eq(sessions.id, one.id))
    const waits = fromCrm('#WH1 wait')
    await accept(waits)
    await workCrm(['route'])
    expect((await stored(waits.crmMessageId)).status).toBe('queued')
    await kit.ctx.db.update(sessions).set({ status: 'logged_out' }).where(eq(sessions.id, one.id))
    const fails = fromCrm('#WH1 fail')
    await accept(fails)
    expect(await stored(fails.crmMessageId)).toMatchObject({ status: 'failed', failureCode: 'session_down' })
  })
})

describe('through our API', () => {
  const admin: Actor = {
    ...{ kind: 'user', role: 'location_admin', userId: 'u' as UserId, name: '', email: '' },
    ...{ companyId: 'c' as CompanyId, locationId: null, locationIds: null },
  }
  const write = async (text: string, to = contact.phone!) => {
    const actor = { ...admin, locationId }
    const { id } = await sendFromApi(kit.ctx, actor, { sessionId: one.id, to, text })
    return () => readMessage(kit.ctx, actor, id)
  }

  test('a number nobody has looked up yet is looked up first, and the message leaves on the session it names', async () => {
    await kit.session(locationId, 2)
    const message = await write('hello')
    expect(await message()).toMatchObject({ status: 'received', sessionId: one.id, reason: expect.any(String) })
    await workCrm(['route'])
    expect(await message()).toMatchObject({ status: 'queued', contactId: contact.id, trace: { rule: 1 } })
    expect(await sendAll()).toEqual(['sent'])
    expect(texts()).toEqual(['hello'])
    // It is known now, for a while.
    expect(await (await write('hello again'))()).toMatchObject({ status: 'queued' })
  })

  test('a stranger to the CRM is written to, and becomes a contact with one copy of the message', async () => {
    const stranger = nextPhone()
    const message = await write('hello, stranger', stranger)
    await workCrm(['route'])
    expect(await sendAll()).toEqual(['sent'])
    await workCrm()
    const made = (await kit.crm.contacts(locationId)).find(({ phone }) => phone === stranger)!
    expect((await kit.crm.conversation(made)).map(({ body, direction }) => ({ body, direction }))).toEqual([
      { body: 'hello, stranger', direction: 'outbound' },
    ])
    expect(await message()).toMatchObject({ status: 'sent', contactId: made.id })
  })

  test('whoever is not to be disturbed is not written to, whether that is unknown, long known or known', async () => {
    await kit.crm.changeContact(contact, { dnd: true })
    const unknown = await write('psst')
    await workCrm(['route'])
    expect(await unknown()).toMatchObject({ status: 'failed', failure: { code: 'dnd' } })
    expect(await (await write('psst'))()).toMatchObject({ status: 'failed', failure: { code: 'dnd' } })

    const before = { dnd: false, factsAt: new Date(Date.now() - 25 * 3_600_000) }
    await kit.ctx.db.update(people).set(before).where(eq(people.locationId, locationId))
    const longKnown = await write('psst')
    await workCrm(['route'])
    expect(await longKnown()).toMatchObject({ status: 'failed', failure: { code: 'dnd' } })
    expect(await sendAll()).toEqual([])
  })

  test('what is asked for after a message that waits leaves after it', async () => {
    const first = fromCrm('1')
    await accept(first)
    await kit.ctx.db.update(people).set({ dnd: false, factsAt: new Date() }).where(eq(people.locationId, locationId))
    await write('2')
    await workCrm(['route'])
    await sendAll()
    expect(texts()).toEqual(['1', '2'])
  })

  test('a code is removed and decides nothing: the session was named', async () => {
    const two = await kit.session(locationId, 2)
    const message = await write('#WH2 Hello ##WH2')
    await workCrm(['route'])
    expect(await sendAll(two)).toEqual([])
    expect(await sendAll()).toEqual(['sent'])
    expect(texts()).toEqual(['Hello #WH2'])
    expect(await message()).toMatchObject({ status: 'sent', trace: { rule: 1, session: one.id, code: '#WH2' } })
    const preview = { locationId, contactId: contact.id as ContactId, sessionId: one.id, text: '#WH2 Hello ##WH2' }
    expect(await previewRouting(kit.ctx, { ...admin, locationId }, preview)).toMatchObject({ body: 'Hello #WH2' })
  })

  test('on a session that is removed meanwhile it fails, and on no other', async () => {
    await kit.session(locationId, 2)
    const message = await write('hello')
    await kit.ctx.db.delete(sessions).where(eq(sessions.id, one.id))
    await workCrm(['route'])
    expect(await message()).toMatchObject({ status: 'failed', failure: { code: 'session_not_found' } })
  })
})

describe('a part whose fate is unknown', () => {
  test('stays in doubt, and the same bytes go again under the same id before anything else in its chat', async () => {
    const message = fromCrm('maybe')
    await accept(message)
    await accept(fromCrm('after'))
    await workCrm(['route'])
    line.failNext = new SendError('no answer in time', { fate: 'unknown' })
    expect(await sendAll()).toEqual(['unknown'])
    const [part] = await kit.ctx.db.select().from(parts).where(eq(parts.locationId, locationId)).orderBy(parts.seq)
    expect(part).toMatchObject({ state: 'sending', epoch: 1 })

    await kit.ctx.db.update(leases).set({ epoch: 2 }).where(eq(leases.sessionId, one.id))
    await reclaimSession(kit.ctx.db, one.id, 2)
    await expect(sendAll(one)).resolves.toEqual([])
    expect(await sendAll({ ...one, epoch: 2 })).toEqual(['sent', 'sent'])
    expect(line.sent[0]).toMatchObject({ id: part!.remoteId, text: 'maybe' })
    expect(texts()).toEqual(['maybe', 'after'])
  })

  test('nothing is recorded for a session that has another owner', async () => {
    await accept(fromCrm('stale'))
    await workCrm(['route'])
    const [row] = await kit.ctx.db.select().from(parts).where(eq(parts.locationId, locationId))
    const [delivery] = await claimForSessions(kit.ctx.db, owner, [{ sessionId: one.id, epoch: 1, limit: 1 }])
    await kit.ctx.db.update(leases).set({ epoch: 2, owner: 'other' }).where(eq(leases.sessionId, one.id))
    const part = (await loadParts(kit.ctx, [row!.id])).get(row!.id)!
    const sending = sendPart(
      kit.ctx,
      line,
      createPartWrites(kit.ctx, owner),
      { delivery: delivery!, part, epoch: 1 },
      () => {},
    )
    await expect(sending).rejects.toThrow(LostOwnership)
    expect(line.sent).toEqual([])
  })

  test('a receipt settles it, and a later accept does not move it back', async () => {
    const message = fromCrm('arrived after all')
    await accept(message)
    await workCrm(['route'])
    line.failNext = new SendError('no answer in time', { fate: 'unknown' })
    await sendAll()
    const [part] = await kit.ctx.db.select().from(parts).where(eq(parts.locationId, locationId))
    await hearReceipts(kit.ctx, [{ sessionId: one.id, epoch: 1, ids: [part!.remoteId], status: 'delivered' }])
    expect((await stored(message.crmMessageId)).status).toBe('delivered')
    await sendAll()
    expect((await stored(message.crmMessageId)).status).toBe('delivered')
  })
})

describe('statuses', () => {
  async function sentToCrm(): Promise<{ id: CrmMessageId; remoteId: RemoteId }> {
    const written = await kit.crm.write(contact.id, 'hello')
    const message = fromCrm('hello', { crmMessageId: written.id as CrmMessageId })
    await accept(message)
    await workCrm(['route'])
    await sendAll()
    const [part] = await kit.ctx.db.select().from(parts).where(eq(parts.locationId, locationId))
    return { id: message.crmMessageId, remoteId: part!.remoteId }
  }
  const pushed = async (id: string) =>
    (await kit.crm.history(0, ['status'])).filter((event) => event.messageId === id).map((event) => event.status)
  const hear = (remoteId: RemoteId, status: 'delivered' | 'read', epoch = 1) =>
    hearReceipts(kit.ctx, [{ sessionId: one.id, epoch, ids: [remoteId], status }])

  test('that a message failed is told before what arrived earlier, and after what people wrote', async () => {
    const { id, remoteId } = await sentToCrm()
    await hear(remoteId, 'delivered')
    const file = fromCrm('look', { attachments: ['https://example.com/a.png'] })
    await accept(file)
    await hearInbound(kit.ctx, one, {
      ...{ type: 'message', id: 'HEARD-LAST' as RemoteId, fromPhone: false, at: new Date() },
      person: { address: '77@lid' as Address, aliases: [], phone: nextPhone(), name: 'Tom' },
      content: { kind: 'text', text: 'hello' },
    })
    const claimed: string[] = []
    for (;;) {
      const [delivery] = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
      if (!delivery) break
      if (delivery.locationId === locationId) claimed.push(`${delivery.kind} ${delivery.subjectId}`)
    }
    const [delivered, failed] = [await stored(id), await stored(file.crmMessageId)]
    expect(failed.status).toBe('failed')
    expect(claimed.slice(0, 3)).toEqual([
      expect.stringMatching(/^push /),
      `status ${failed.id}`,
      `status ${delivered.id}`,
    ])
  })

  test('go forward only, read swallows delivered, and a repeated receipt tells nothing', async () => {
    const { id, remoteId } = await sentToCrm()
    await hear(remoteId, 'delivered')
    await hear(remoteId, 'read')
    await workCrm()
    expect(await pushed(id)).toEqual(['read'])
    await hear(remoteId, 'delivered')
    await hear(remoteId, 'read')
    expect(await workCrm()).toBe(0)
    expect((await stored(id)).status).toBe('read')
  })

  test('a receipt heard by a former owner changes nothing', async () => {
    const { id, remoteId } = await sentToCrm()
    await hear(remoteId, 'delivered', 0)
    expect((await stored(id)).status).toBe('sent')
  })

  test('a failure is told with its sentence', async () => {
    const written = await kit.crm.write(contact.id, '#WH5 hello')
    await accept(fromCrm('#WH5 hello', { crmMessageId: written.id as CrmMessageId }))
    await workCrm()
    const [shown] = (await kit.crm.conversation(contact.id)).filter((each) => each.id === written.id)
    expect(shown).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('#WH5 has no WhatsApp number') },
    })
  })
})

describe('from WhatsApp to the CRM', () => {
  const person = (over: Partial<Person> = {}): Person => {
    const phone = nextPhone()
    const pn = `${phone.slice(1)}@s.whatsapp.net` as Address
    const lid = `9${phone.slice(1)}@lid` as Address
    return { address: lid, aliases: [lid, pn], phone, name: 'Bea', ...over }
  }
  let heard = 0
  const event = (
    who: Person,
    content: Content | string,
    over: { fromPhone?: boolean; id?: RemoteId; at?: Date } = {},
  ) => ({
    type: 'message' as const,
    id: over.id ?? (`R${++heard}` as RemoteId),
    person: who,
    fromPhone: over.fromPhone ?? false,
    content: typeof content === 'string' ? { kind: 'text' as const, text: content } : content,
    at: over.at ?? new Date(),
  })
  const posts = async () =>
    (await kit.crm.history(0, ['message-posted'])).filter((each) => each.locationId === locationId)

  test('a stranger becomes one contact, their messages arrive once, in order, with their own time', async () => {
    const bea = person()
    const at = new Date('2026-11-20T10:00:00Z')
    const first = event(bea, 'one', { at })
    await hearInbound(kit.ctx, one, first)
    await hearInbound(kit.ctx, one, first)
    await hearInbound(kit.ctx, one, event(bea, 'two'))
    await workCrm()
    const posted = await posts()
    expect(posted.map((each) => each.text)).toEqual(['one', 'two'])
    expect(new Set(posted.map((each) => each.contactId)).size).toBe(1)
    expect(new Date(posted[0]!.date as string)).toEqual(at)
    expect((await kit.crm.contacts(locationId)).filter((each) => each.phone === bea.phone)).toMatchObject([
      { firstName: 'Bea' },
    ])
  })

  test('someone the CRM knows by number is that contact', async () => {
    const ana = person({ phone: contact.phone!, aliases: [`${contact.phone!.slice(1)}@s.whatsapp.net` as Address] })
    await hearInbound(kit.ctx, one, event(ana, 'it is me'))
    await workCrm()
    expect((await posts())[0]).toMatchObject({ contactId: contact.id, direction: 'inbound' })
  })

  test('an answer lost on the way is looked for, not posted again', async () => {
    await hearInbound(kit.ctx, one, event(person(), 'only once'))
    await kit.crm.fault('drop-after', { locationId, path: 'messages/inbound', times: 1 })
    const [delivery] = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
    await expect(pushInbound(kit.ctx, owner, delivery!)).rejects.toMatchObject({ kind: 'unknown' })
    const hasty = { ...kit.ctx, clock: { ...kit.ctx.clock, sleep: async () => {} } }
    await pushInbound(hasty, owner, { ...delivery!, inDoubt: true })
    expect((await posts()).map((each) => each.text)).toEqual(['only once'])
  })

  test('a worker that stood still past its hold posts nothing any more', async () => {
    await hearInbound(kit.ctx, one, event(person(), 'not by two'))
    const [delivery] = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
    await expect(pushInbound(kit.ctx, owner, delivery!, () => false)).rejects.toThrow(HoldLost)
    expect(await posts()).toEqual([])
  })

  test('typed on the phone arrives as outbound, our own echo not at all', async () => {
    await accept(fromCrm('ours'))
    await workCrm(['route'])
    await sendAll()
    const ana = person({
      phone: contact.phone!,
      aliases: [`${contact.phone!.slice(1)}@s.whatsapp.net` as Address],
      name: 'Me',
    })
    await hearInbound(kit.ctx, one, event(ana, 'ours', { fromPhone: true, id: line.sent[0]!.id }))
    await hearInbound(kit.ctx, one, event(ana, 'typed', { fromPhone: true }))
    await workCrm()
    expect((await posts()).map((each) => [each.direction, each.text])).toEqual([['outbound', 'typed']])
  })

  test('a reaction quotes what it is about', async () => {
    const bea = person()
    await hearInbound(kit.ctx, one, event(bea, 'see you at nine', { id: 'T1' as RemoteId }))
    await hearInbound(kit.ctx, one, event(bea, { kind: 'reaction', emoji: '👍', target: 'T1' as RemoteId }))
    await workCrm()
    expect((await posts()).map((each) => each.text)).toEqual(['see you at nine', 'Reacted 👍 to: see you at nine'])
  })

  test('a reaction to what we sent quotes it as it left', async () => {
    await accept(fromCrm('#WH1 see you at ten'))
    await workCrm(['route'])
    await sendAll()
    const pn = `${contact.phone!.slice(1)}@s.whatsapp.net` as Address
    const ana = person({ address: pn, aliases: [pn], phone: contact.phone! })
    await hearInbound(kit.ctx, one, event(ana, { kind: 'reaction', emoji: '👍', target: line.sent[0]!.id }))
    await workCrm()
    expect((await posts()).map((each) => each.text)).toEqual(['Reacted 👍 to: see you at ten'])
  })

  test('a message kept for us while they went on writing elsewhere is not their latest', async () => {
    const bea = person()
    const latest = new Date('2026-11-21T10:00:00Z')
    await hearInbound(kit.ctx, one, event(bea, 'now', { at: latest }))
    await hearInbound(kit.ctx, one, event(bea, 'then', { at: new Date('2026-11-19T10:00:00Z') }))
    const [row] = await kit.ctx.db.select().from(people).where(eq(people.phone, bea.phone!))
    expect(row!.lastWroteAt).toEqual(latest)
  })

  test('two names of one person are not joined on the word of a former owner', async () => {
    const alias = { address: '99@lid' as Address, aliases: ['99@lid' as Address], phone: null, name: null }
    await expect(hearAlias(kit.ctx, { ...one, epoch: 0 }, alias)).rejects.toThrow(LostOwnership)
    expect(await kit.ctx.db.select().from(people).where(eq(people.locationId, locationId))).toEqual([])
  })

  test('nothing is heard for a session that has another owner', async () => {
    await kit.ctx.db.update(leases).set({ epoch: 2 }).where(eq(leases.sessionId, one.id))
    await expect(hearInbound(kit.ctx, one, event(person(), 'late'))).rejects.toThrow(LostOwnership)
    expect(await kit.ctx.db.select().from(messages).where(eq(messages.locationId, locationId))).toEqual([])
  })

  test('the conversation stays on the session the person wrote to last', async () => {
    const two = await kit.session(locationId, 2)
    const ana = person({ phone: contact.phone!, aliases: [`${contact.phone!.slice(1)}@s.whatsapp.net` as Address] })
    await hearInbound(kit.ctx, two, event(ana, 'hi two'))
    await workCrm()
    const reply = fromCrm('back to you')
    await accept(reply)
    expect(await stored(reply.crmMessageId)).toMatchObject({ sessionId: two.id, trace: { rule: 4 } })
    const forced = fromCrm('#WH1 just this once')
    await accept(forced)
    const after = fromCrm('and again')
    await accept(after)
    expect((await stored(forced.crmMessageId)).sessionId).toBe(one.id)
    expect((await stored(after.crmMessageId)).sessionId).toBe(two.id)
  })
})

describe('one person under two addresses', () => {
  test('known first by number, then heard by LID with the number, has one chat', async () => {
    line.lids.set(contact.phone!, '77@lid' as Address)
    await accept(fromCrm('hello'))
    await workCrm(['route'])
    await sendAll()
    expect(line.sent[0]!.to).toBe('77@lid')
    await hearInbound(kit.ctx, one, {
      type: 'message',
      id: 'L1' as RemoteId,
      person: { address: '77@lid' as Address, aliases: ['77@lid' as Address], phone: null, name: 'Ana' },
      fromPhone: false,
      content: { kind: 'text', text: 'hi' },
      at: new Date(),
    })
    expect(await kit.ctx.db.select().from(chats).where(eq(chats.locationId, locationId))).toHaveLength(1)
  })

  test('known as two people, becomes one, and what waits keeps the order of both', async () => {
    const lid: Person = { address: '88@lid' as Address, aliases: ['88@lid' as Address], phone: null, name: 'Ana' }
    const text = (id: string, who: Person) => ({
      ...{ type: 'message' as const, id: id as RemoteId, person: who, fromPhone: false, at: new Date() },
      content: { kind: 'text' as const, text: id },
    })
    await accept(fromCrm('to number 1'))
    await workCrm(['route'])
    await hearInbound(kit.ctx, one, text('from lid', lid))
    await accept(fromCrm('to number 2'))
    expect(await kit.ctx.db.select().from(chats).where(eq(chats.locationId, locationId))).toHaveLength(2)
    const pn = `${contact.phone!.slice(1)}@s.whatsapp.net` as Address
    await hearInbound(kit.ctx, one, text('from both', { ...lid, aliases: [lid.address, pn], phone: contact.phone! }))
    expect(await kit.ctx.db.select().from(chats).where(eq(chats.locationId, locationId))).toHaveLength(1)
    await sendAll()
    expect(texts()).toEqual(['to number 1', 'to number 2'])
    await workCrm()
    const posted = (await kit.crm.history(0, ['message-posted'])).filter((each) => each.locationId === locationId)
    expect(posted.map((each) => [each.contactId, each.text])).toEqual([
      [contact.id, 'from lid'],
      [contact.id, 'from both'],
    ])
  })
})

test('in a dump of the database no word of a message, and no token, can be read', async () => {
  await accept(fromCrm('canary-body'))
  await workCrm(['route'])
  await sendAll()
  const bea = { address: '15554417001@s.whatsapp.net' as Address, phone: '+15554417001', name: 'Bea' }
  await hearInbound(kit.ctx, one, {
    ...{ type: 'message', id: 'CANARY1' as RemoteId, person: { ...bea, aliases: [bea.address] }, fromPhone: false },
    ...{ content: { kind: 'text', text: 'canary-answer' }, at: new Date() },
  })
  await workCrm()
  const tokens = kit.emulator.crm.store.tokens.all().map(({ value }) => value)
  expect(tokens.length).toBeGreaterThan(1)
  expect((await findInDump(kit.ctx.db, ['canary-body', 'canary-answer', ...tokens])).found).toEqual([])
  // People are looked up by their numbers, which are not sealed: the search would have found them.
  expect((await findInDump(kit.ctx.db, [contact.phone!])).found).toContainEqual(expect.stringContaining('messages'))
})
