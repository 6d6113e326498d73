import { randomUUID } from 'node:crypto'
import { and, desc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deliveries } from '@/db/schema/deliveries'
import { mails } from '@/db/schema/entitlements'
import { messages, parts } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { auditEntries, subAccounts } from '@/db/schema/sub-accounts'
import { owner, recordingLine, startBridgeKit, type BridgeKit, type RecordingLine } from '@/e2e/bridge-kit'
import type { LineState, OwnedSession } from '@/lib/channel/channel'
import type { ProviderMessage } from '@/lib/highlevel/highlevel'
import {
  orderedId,
  type CompanyId,
  type ContactId,
  type CrmMessageId,
  type LocationId,
  type MessageId,
  type RemoteId,
  type SessionId,
  type UserId,
} from '@/lib/ids'
import { claimForAnyone, claimForSessions, type ClaimedDelivery } from '@/lib/outbox/claim'
import { assignContact } from '../contact/assign'
import { findContacts } from '../contact/find'
import { freeSession, useSession } from '../contact/use-session'
import type { Actor, Role } from '../context'
import { changeSession } from '../session/change'
import { hearState } from '../session/hear-state'
import { previewPriority } from '../session/preview-priority'
import { reprioritise } from '../session/reprioritise'
import { changeSettings, type SettingsChange } from '../sub-account/change-settings'
import { checkUsers } from '../sub-account/check-users'
import { listUsers } from '../sub-account/list-users'
import { recogniseUser } from '../sub-account/recognise-user'
import type { RoutingRule } from '../sub-account/settings'
import { acceptOutbound } from './accept-outbound'
import { expireHeld } from './expire-held'
import { expireWaiting } from './expire-waiting'
import { hearInbound } from './hear-inbound'
import { createPartWrites } from './part-writes'
import { previewRouting } from './preview-routing'
import { pushInbound } from './push-inbound'
import { pushNote } from './push-note'
import { pushReceived } from './push-received'
import { routeMessage } from './route-message'
import { loadParts, sendPart } from './send-part'

type Session = OwnedSession & { channel: 'whatsapp' }

let kit: BridgeKit
let locationId: LocationId
let line: RecordingLine
let contact: { id: string; phone?: string | null }
let [one, two]: Session[] = []
let numbers = 0

beforeAll(async () => {
  kit = await startBridgeKit()
})
afterAll(() => kit.close())
beforeEach(async () => {
  locationId = await kit.subAccount()
  line = recordingLine()
  one = await kit.session(locationId, 1)
  two = await kit.session(locationId, 2)
  contact = await kit.crm.createContact(locationId, { name: 'Ana', phone: nextPhone() })
})

const nextPhone = () => `+1555300${String(++numbers).padStart(4, '0')}`
const person = async (role: Role = 'location_admin'): Promise<Extract<Actor, { kind: 'user' }>> => {
  const [row] = await kit.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, locationId))
  const who = { userId: `user-${randomUUID()}` as UserId, name: 'Ada', email: 'ada@example.com' }
  return { kind: 'user', ...who, companyId: row!.companyId as CompanyId, role, locationId, locationIds: null }
}
const set = async (change: SettingsChange) => changeSettings(kit.ctx, await person(), { locationId, change })
const rule = (session: SessionId, when: Partial<RoutingRule['when']>): RoutingRule => ({
  ...{ id: randomUUID().slice(0, 8), session, appliesTo: 'new' },
  when: { countries: [], tags: [], senders: [], owners: [], written: 'any', ...when },
})

let handed = 0
async function accept(text: string, over: Partial<ProviderMessage> = {}): Promise<CrmMessageId> {
  const crmMessageId = `routed-${++handed}` as CrmMessageId
  const message: ProviderMessage = {
    ...{ locationId, contactId: contact.id as ContactId, crmMessageId, text, attachments: [] },
    ...{ phone: contact.phone ?? null, userId: null, providerId: null, conversationId: null, ...over },
  }
  await acceptOutbound(kit.ctx, { message, signature: 'good' })
  return crmMessageId
}

type Verb = (delivery: ClaimedDelivery) => Promise<void>
async function work(kinds: ('route' | 'push' | 'note' | 'assign')[] = ['route']): Promise<void> {
  const verbs: Record<string, Verb> = {
    route: (delivery) => routeMessage(kit.ctx, owner, delivery),
    push: (delivery) => pushInbound(kit.ctx, owner, delivery),
    received: (delivery) => pushReceived(kit.ctx, owner, delivery),
    note: (delivery) => pushNote(kit.ctx, owner, delivery, () => true),
    assign: (delivery) => assignContact(kit.ctx, owner, delivery),
  }
  for (;;) {
    const [delivery] = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
    if (!delivery) return
    // What is not asked for, and what other tests left, stays claimed and out of the way.
    const asked = delivery.kind === 'received' ? 'push' : (delivery.kind as 'route')
    if (delivery.locationId === locationId && kinds.includes(asked)) await verbs[delivery.kind]!(delivery)
  }
}

async function sendAll(...from: Session[]): Promise<string[]> {
  const writes = createPartWrites(kit.ctx, owner)
  const sent = line.sent.length
  for (const session of from.length > 0 ? from : [one!, two!])
    for (;;) {
      const asked = { sessionId: session.id, epoch: session.epoch, limit: 1 }
      const [delivery] = await claimForSessions(kit.ctx.db, owner, [asked])
      if (!delivery) break
      const part = (await loadParts(kit.ctx, [delivery.subjectId])).get(delivery.subjectId)!
      await sendPart(kit.ctx, line, writes, { delivery, part, epoch: session.epoch }, () => {})
    }
  return line.sent.slice(sent).map(({ text }) => text)
}

const stored = async (crmMessageId: CrmMessageId) =>
  (await kit.ctx.db.select().from(messages).where(eq(messages.crmMessageId, crmMessageId)))[0]!
const becomes = (session: Session, state: LineState) => hearState(kit.ctx, session, { type: 'state', state })
const reconnect = (session: Session) =>
  hearState(kit.ctx, session, {
    ...{ type: 'state', state: 'connected' },
    account: { phone: session.phone!, aliases: [], name: null, platform: 'business' },
  } as Parameters<typeof hearState>[2])
/** Moves what is held into the past, as waiting would. */
const minutesPass = (minutes: number) =>
  kit.ctx.db.execute(sql`update messages set held_at = held_at - ${minutes}::int * interval '1 minute'
    where location_id = ${locationId} and held_at is not null`)
const assign = (session: Session, user: string | null, over: Partial<typeof sessions.$inferInsert> = {}) =>
  kit.ctx.db
    .update(sessions)
    .set({ assignedUserId: user as UserId | null, ...over })
    .where(eq(sessions.id, session.id))
async function hear(session: Session, text: string): Promise<void> {
  const digits = contact.phone!.slice(1)
  await hearInbound(kit.ctx, session, {
    ...{ type: 'message', id: `IN${randomUUID()}` as RemoteId, fromPhone: false, content: { kind: 'text', text } },
    person: {
      address: `${digits}@s.whatsapp.net`,
      aliases: [`${digits}@s.whatsapp.net`],
      phone: contact.phone,
      name: null,
    },
    at: new Date(),
  } as Parameters<typeof hearInbound>[2])
}

describe('waiting for a session', () => {
  test('what a code named waits in order, goes when the session is back, and says how long it took', async () => {
    await becomes(two!, 'reconnecting')
    const first = await accept('#WH2 first')
    await accept('#WH2 second')
    await work()
    expect(await stored(first)).toMatchObject({ status: 'queued', holdMs: 600_000 })
    await minutesPass(3)
    expect(await expireHeld(kit.ctx)).toBe(0)
    await reconnect(two!)
    const back = await stored(first)
    expect(back).toMatchObject({ heldAt: null, holdMs: null })
    expect(back.trace!.holdMs).toBeGreaterThanOrEqual(180_000)
    expect(await sendAll()).toEqual(['first', 'second'])
  })

  test('in vain it fails with a sentence, and nothing of it is sent later', async () => {
    await becomes(two!, 'reconnecting')
    const held = await accept('#WH2 too late')
    await work()
    await minutesPass(10)
    expect(await expireHeld(kit.ctx)).toBe(1)
    const failed = await stored(held)
    expect(failed).toMatchObject({ status: 'failed', failureCode: 'session_down_timeout', trace: { holdMs: 600_000 } })
    expect(failed.failureMessage).toMatch(/^Not sent: Line 2 \(\+1555\d+\) did not come back within 10 minutes\./)
    await reconnect(two!)
    expect(await sendAll()).toEqual([])
  })

  test('what was queued before the session dropped waits as well', async () => {
    await accept('#WH2 almost')
    await work()
    await becomes(two!, 'reconnecting')
    const [row] = await kit.ctx.db.select().from(messages).where(eq(messages.locationId, locationId))
    expect(row).toMatchObject({ holdMs: 600_000 })
    await becomes(two!, 'reconnecting')
    const [again] = await kit.ctx.db.select().from(messages).where(eq(messages.locationId, locationId))
    expect(again!.heldAt).toEqual(row!.heldAt)
  })

  test('a session that was only preferred is waited for two minutes, then the next rule sends, in order', async () => {
    await set({ rules: [rule(two!.id, {})] })
    await becomes(two!, 'reconnecting')
    const first = await accept('one')
    await accept('two')
    await work()
    expect(await stored(first)).toMatchObject({ sessionId: two!.id, holdMs: 120_000, trace: { rule: 3 } })
    await minutesPass(2)
    expect(await expireHeld(kit.ctx)).toBe(2)
    // Nothing has left on another number yet.
    await expect(work(['note'])).rejects.toMatchObject({ kind: 'try_later' })
    expect((await kit.crm.conversation(contact.id)).filter(({ kind }) => kind === 'comment')).toEqual([])
    await kit.ctx.db.execute(sql`
      update lanes set busy_by = null, busy_until = null, due_at = now()
      where location_id = ${locationId} and id like 'note:%'`)
    expect(await sendAll()).toEqual(['one', 'two'])
    expect(await stored(first)).toMatchObject({
      sessionId: one!.id,
      status: 'sent',
      trace: { rule: 7, holdMs: 120_000, fallbackFrom: { session: two!.id, why: 'no_return' } },
    })
    await work(['note'])
    const notes = (await kit.crm.conversation(contact.id)).filter(({ kind }) => kind === 'comment')
    expect(notes.map(({ body }) => body)).toEqual([
      expect.stringMatching(/^Line 1 \(.*\) sent this instead of Line 2, which did not come back in time\.$/),
    ])
  })

  test('what is preferred softly waits as long as what waits before it, and leaves after it', async () => {
    await set({ rules: [rule(two!.id, {})] })
    await accept('one')
    await work()
    await becomes(two!, 'reconnecting')
    await accept('two')
    await minutesPass(2)
    expect(await expireHeld(kit.ctx)).toBe(0)
    await minutesPass(9)
    expect(await expireHeld(kit.ctx)).toBe(2)
    expect(await sendAll()).toEqual(['one', 'two'])
  })

  test('one whose waiting cannot be ended keeps no other waiting', async () => {
    await set({ rules: [rule(two!.id, {})] })
    await becomes(two!, 'reconnecting')
    const broken = await accept('unreadable')
    await work()
    await kit.ctx.db
      .update(messages)
      .set({ bodySealed: Buffer.from('?') })
      .where(eq(messages.crmMessageId, broken))
    const held = await accept('#WH2 in vain')
    await work()
    await minutesPass(10)
    expect(await expireHeld(kit.ctx)).toBe(1)
    expect(await stored(held)).toMatchObject({ status: 'failed' })
    await kit.ctx.db.delete(messages).where(eq(messages.crmMessageId, broken))
  })

  test('of several workers one ends the waiting, once', async () => {
    await becomes(two!, 'reconnecting')
    await accept('#WH2 once')
    await work()
    await minutesPass(10)
    const ended = await Promise.all([1, 2, 3].map(() => expireHeld(kit.ctx)))
    expect(ended.reduce((sum, count) => sum + count)).toBe(1)
  })

  test('a code for the phone to scan fails what waited', async () => {
    await becomes(two!, 'reconnecting')
    const held = await accept('#WH2 stranded')
    await work()
    await becomes(two!, 'awaiting_link')
    expect(await stored(held)).toMatchObject({ status: 'failed', failureCode: 'session_down' })
  })

  test('not wanted at all, it fails at once', async () => {
    await set({ holdMinutes: 0 })
    await becomes(two!, 'reconnecting')
    const failed = await accept('#WH2 now or never')
    await work()
    expect(await stored(failed)).toMatchObject({ status: 'failed', failureCode: 'session_down_timeout' })
  })
})

test('what waited a day for a session that may send no more fails as capped', async () => {
  const waits = await accept('#WH2 tomorrow')
  await work()
  await kit.ctx.db.execute(sql`
    update deliveries set created_at = now() - interval '25 hours' where location_id = ${locationId} and kind = 'send'`)
  await untilTomorrow()
  await accept('#WH2 what comes after it')
  expect(await expireWaiting(kit.ctx)).toBe(1)
  expect(await stored(waits)).toMatchObject({ status: 'failed', failureCode: 'rate_capped' })
  expect(await sendAll()).toEqual(['what comes after it'])
})

test('what was due to fail as capped and is bound anew at that moment does not fail', async () => {
  const waits = await accept('#WH2 tomorrow')
  await work()
  const mine = sql`location_id = ${locationId} and kind = 'send'`
  await kit.ctx.db.execute(sql`update deliveries set created_at = now() - interval '25 hours' where ${mine}`)
  const blocked = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  const isBlocked = async () => (await kit.ctx.db.execute(blocked)).length > 0
  let expiring: Promise<number> | undefined
  await kit.ctx.db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from parts where location_id = ${locationId} for update`)
    expiring = expireWaiting(kit.ctx)
    await expect.poll(isBlocked).toBe(true)
    await tx.execute(sql`update deliveries set created_at = now() where ${mine}`)
  })
  expect(await expiring).toBe(0)
  expect(await stored(waits)).toMatchObject({ status: 'queued' })
})

/** As a session does that has sent as much as it may. */
const untilTomorrow = () =>
  kit.ctx.db.execute(sql`
    update lanes set due_at = now() + interval '1 day' where location_id = ${locationId} and session_id is not null`)

test('what fails because its session is put to rest holds nothing back afterwards', async () => {
  await accept('#WH2 never')
  await work()
  await untilTomorrow()
  await becomes(two!, 'failed')
  await kit.ctx.db.update(sessions).set({ wanted: 'connected', status: 'connected' }).where(eq(sessions.id, two!.id))
  await accept('#WH2 now')
  expect(await sendAll()).toEqual(['now'])
})

test('who writes is no new contact any more: what waited for the next day of the warm-up goes', async () => {
  await accept('#WH2 hello')
  await work()
  await untilTomorrow()
  expect(await sendAll()).toEqual([])
  await hear(two!, 'who are you?')
  expect(await sendAll()).toEqual(['hello'])
})

describe('what only the CRM knows', () => {
  test('tags and owner are fetched when a rule needs them, kept, and not fetched again', async () => {
    contact = await kit.crm.createContact(locationId, { name: 'Vip', phone: nextPhone(), tags: ['VIP'] })
    await set({ rules: [rule(two!.id, { tags: ['vip'] })] })
    const first = await accept('hello')
    expect((await stored(first)).status).toBe('received')
    await work()
    expect(await stored(first)).toMatchObject({ sessionId: two!.id, trace: { rule: 3 } })
    const second = await accept('again')
    expect(await stored(second)).toMatchObject({ status: 'queued', sessionId: two!.id })
    const [known] = await kit.ctx.db
      .select()
      .from(people)
      .where(eq(people.contactId, contact.id as ContactId))
    expect(known).toMatchObject({ tags: ['vip'], ownerUserId: null })
  })

  test('known before rules needed tags, a contact is asked about in its turn', async () => {
    await accept('plain')
    await work()
    await kit.ctx.db
      .update(people)
      .set({ tags: null })
      .where(eq(people.contactId, contact.id as ContactId))
    await set({ rules: [rule(two!.id, { tags: ['vip'] })] })
    const asked = await accept('and now')
    expect((await stored(asked)).status).toBe('received')
    await work()
    expect(await stored(asked)).toMatchObject({ status: 'queued', sessionId: one!.id })
  })

  test('the owner’s session, and the sender’s for what a person wrote', async () => {
    contact = await kit.crm.createContact(locationId, { name: 'Owned', phone: nextPhone(), assignedTo: 'owner' })
    await assign(two!, 'owner')
    const owned = await accept('to the owner')
    await work()
    expect(await stored(owned)).toMatchObject({ sessionId: two!.id, trace: { rule: 6 } })
    await assign(one!, 'sender')
    const sent = await accept('from the sender', { userId: 'sender' as UserId })
    expect(await stored(sent)).toMatchObject({ sessionId: one!.id, trace: { rule: 5 } })
    await assign(two!, 'owner', { routesForUser: false })
    expect(await stored(await accept('switched off'))).toMatchObject({ sessionId: one!.id, trace: { rule: 7 } })
  })

  test('of two sessions that had a number the one that has it now is meant', async () => {
    const [row] = await kit.ctx.db.select().from(sessions).where(eq(sessions.id, two!.id))
    await kit.ctx.db
      .update(sessions)
      .set({ phone: row!.phone, isLinked: false, status: 'logged_out', wanted: 'closed' })
      .where(eq(sessions.id, one!.id))
    const sent = await accept('from that number', { fromPhone: row!.phone })
    await work()
    expect(await stored(sent)).toMatchObject({ sessionId: two!.id, trace: { rule: 1 } })
  })

  test('the number a message names is a hard choice', async () => {
    const named = await accept('from there', { fromPhone: two!.phone })
    await work()
    expect(await stored(named)).toMatchObject({ sessionId: two!.id, trace: { rule: 1 } })
  })
})

test('a code moves the conversation only where that is wanted', async () => {
  await hear(one!, 'hi')
  await accept('#WH2 once')
  await work()
  await sendAll()
  const next = await accept('next')
  expect(await stored(next)).toMatchObject({ sessionId: one!.id, trace: { rule: 4 } })
  await set({ codeRepins: true })
  await accept('#WH2 for good')
  await sendAll()
  expect(await stored(await accept('after'))).toMatchObject({ sessionId: two!.id, trace: { rule: 4 } })
})

test('aliases of other products are read where that is wanted', async () => {
  const untouched = await accept('{WA#2} hello')
  await work()
  expect(await stored(untouched)).toMatchObject({ sessionId: one!.id })
  await set({ migrationAliases: true })
  for (const text of ['{WA#2} hello', '{{ WA#2 }} hello', '#WA#2 hello'])
    expect(await stored(await accept(text))).toMatchObject({ sessionId: two!.id, trace: { rule: 2 } })
  expect(await sendAll()).toEqual(['{WA#2} hello', 'hello', 'hello', 'hello'])
})

describe('caps', () => {
  test('what a person wrote is not moved by the default cap, which it does not wait for', async () => {
    await kit.ctx.db.insert(messages).values(
      Array.from({ length: 600 }, () => ({
        ...{ id: orderedId<MessageId>(), locationId, direction: 'outbound' as const, origin: 'crm' as const },
        ...{ sessionId: one!.id, bodySealed: Buffer.from(''), status: 'sent' as const, occurredAt: new Date() },
      })),
    )
    const automated = await accept('machine')
    await work()
    expect(await stored(automated)).toMatchObject({ sessionId: two!.id, trace: { skipped: [{ why: 'capped' }] } })
    const manual = await accept('person', { userId: 'ada' as UserId })
    await work()
    expect(await stored(manual)).toMatchObject({ sessionId: one!.id, trace: { skipped: [] } })
  })

  test('the next priority takes what a full session would have sent', async () => {
    await set({ hourlyCap: 2 })
    const routed = []
    for (const text of ['1', '2', '3', '4', '5']) {
      const stranger = await kit.crm.createContact(locationId, { name: text, phone: nextPhone() })
      routed.push(await accept(text, { contactId: stranger.id as ContactId, phone: stranger.phone! }))
      await work()
    }
    const rows = await Promise.all(routed.map(stored))
    expect(rows.map((row) => (row.sessionId === one!.id ? 1 : 2))).toEqual([1, 1, 2, 2, 1])
    expect(rows[2]!.trace).toMatchObject({ rule: 7, skipped: [{ session: one!.id, why: 'capped' }] })
  })
})

describe('priorities', () => {
  test('swap, count, tell, and leave what was bound where it is', async () => {
    const bound = await accept('#WH1 stays')
    await work()
    const admin = await person()
    const preview = await previewPriority(kit.ctx, admin, { sessionId: two!.id, to: 1 })
    expect(preview.changes).toEqual([
      { code: '#WH1', sessionId: two!.id, label: 'Line 2', uses: 1 },
      { code: '#WH2', sessionId: one!.id, label: 'Line 1', uses: 0 },
    ])
    const swapped = await reprioritise(kit.ctx, admin, { sessionId: two!.id, priority: 1, version: preview.version })
    expect(swapped.items.map(({ id, priority }) => [id, priority])).toEqual([
      [two!.id, 1],
      [one!.id, 2],
    ])
    expect(swapped.version).toBe(preview.version + 1)
    expect(await stored(bound)).toMatchObject({ sessionId: one!.id })
    expect(await sendAll(one!)).toEqual(['stays'])
    const [entry] = await kit.ctx.db
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.locationId, locationId), eq(auditEntries.action, 'session.priority_changed')))
    expect(entry!.detail).toEqual({
      before: { [one!.id]: 1, [two!.id]: 2 },
      after: { [one!.id]: 2, [two!.id]: 1 },
    })
  })

  test('moving to a free number only moves, beyond the limit is refused', async () => {
    const admin = await person()
    const moved = await reprioritise(kit.ctx, admin, { sessionId: one!.id, priority: 4 })
    expect(moved.items.map(({ priority }) => priority)).toEqual([2, 4])
    await expect(reprioritise(kit.ctx, admin, { sessionId: one!.id, priority: 6 })).rejects.toMatchObject({
      code: 'bad_request',
    })
  })

  test('of two who look at the same list the second is told', async () => {
    const admin = await person()
    const { version } = await previewPriority(kit.ctx, admin, { sessionId: one!.id, to: 2 })
    const both = await Promise.allSettled([
      reprioritise(kit.ctx, admin, { sessionId: one!.id, priority: 2, version }),
      reprioritise(kit.ctx, admin, { sessionId: one!.id, priority: 3, version }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const lost = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(lost.reason).toMatchObject({ code: 'changed' })
  })
})

describe('settings', () => {
  test('are kept, audited, and refuse what is not of this sub-account', async () => {
    await set({ holdMinutes: 5, tagMode: 'pin' })
    const elsewhere = await kit.subAccount()
    const foreign = await kit.session(elsewhere, 1)
    await expect(set({ rules: [rule(two!.id, {}), rule(foreign.id, {})] })).rejects.toMatchObject({
      code: 'bad_request',
      fields: { 'rules.1.session': 'not a session of this sub-account' },
    })
    const kept = await set({})
    expect(kept).toMatchObject({ holdMinutes: 5, tagMode: 'pin', rules: [], hourlyCap: 600 })
    const [entry] = await kit.ctx.db
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.locationId, locationId), eq(auditEntries.action, 'settings.changed')))
      .orderBy(desc(auditEntries.id))
    expect(entry!.detail).toEqual({
      before: { holdMinutes: 10, tagMode: 'follow' },
      after: { holdMinutes: 5, tagMode: 'pin' },
    })
  })

  test('the warm-up is switched off by administrators of the agency only', async () => {
    await expect(set({ warmUp: false })).rejects.toMatchObject({ code: 'forbidden' })
    const agency = { ...(await person('agency_admin')), locationId: null }
    expect(await changeSettings(kit.ctx, agency, { locationId, change: { warmUp: false } })).toMatchObject({
      warmUp: false,
    })
  })
})

describe('the assigned user', () => {
  test('must be a user of the sub-account, and one who leaves it is taken off', async () => {
    const admin = await person()
    const ada = await kit.crm.createUser({ name: 'Ada', type: 'account', role: 'admin', locations: [locationId] })
    const ben = await kit.crm.createUser({ name: 'Ben', type: 'account', role: 'user', locations: [locationId] })
    const give = (user: string) =>
      changeSession(kit.ctx, admin, { sessionId: one!.id, change: { assignedUserId: user as UserId } })
    await expect(give('nobody')).rejects.toMatchObject({ code: 'bad_request' })
    expect(await give(ben.id)).toMatchObject({ assignedUserId: ben.id })
    await kit.crm.changeUser(ben.id, { deleted: true })
    // The list is remembered for half a minute.
    const clock = { ...kit.ctx.clock, monotonicMs: () => kit.ctx.clock.monotonicMs() + 60_000 }
    const { items } = await listUsers({ ...kit.ctx, clock }, admin, locationId)
    expect(items.map(({ id }) => id)).toContain(ada.id)
    expect(items.map(({ id }) => id)).not.toContain(ben.id)
    const [row] = await kit.ctx.db.select().from(sessions).where(eq(sessions.id, one!.id))
    expect(row!.assignedUserId).toBeNull()
    const told = await kit.ctx.db.select().from(mails).where(eq(mails.locationId, locationId))
    expect(told).toMatchObject([{ kind: 'unassigned', facts: { label: 'Line 1' } }])
  })

  test('who left is taken off by whoever reads the users first, a sign-in or the job of the day', async () => {
    const admin = await person()
    const ada = await kit.crm.createUser({ name: 'Ada', type: 'account', role: 'admin', locations: [locationId] })
    const assigned = async () =>
      (await kit.ctx.db.select().from(sessions).where(eq(sessions.id, one!.id)))[0]!.assignedUserId
    const signIn = (ctx: typeof kit.ctx) =>
      recogniseUser(ctx, {
        ...{ userId: ada.id as UserId, companyId: admin.companyId, locationId, type: 'account' },
        ...{ name: 'Ada', email: 'ada@example.com' },
      })
    let laterMs = 0
    const later = () => {
      laterMs += 60_000
      return { ...kit.ctx, clock: { ...kit.ctx.clock, monotonicMs: () => kit.ctx.clock.monotonicMs() + laterMs } }
    }
    for (const reads of [signIn, checkUsers]) {
      const ben = await kit.crm.createUser({ name: 'Ben', type: 'account', role: 'user', locations: [locationId] })
      await assign(one!, ben.id)
      await kit.crm.changeUser(ben.id, { deleted: true })
      const ctx = later()
      await reads(ctx)
      expect(await assigned()).toBeNull()
      expect((await listUsers(ctx, admin, locationId)).items.map(({ id }) => id)).not.toContain(ben.id)
    }
    const told = await kit.ctx.db.select().from(mails).where(eq(mails.locationId, locationId))
    expect(told.map(({ kind }) => kind)).toEqual(['unassigned', 'unassigned'])
  })

  test('whom the CRM refuses keeps nobody who writes from becoming a contact', async () => {
    const ben = await kit.crm.createUser({ name: 'Ben', type: 'account', role: 'user', locations: [locationId] })
    await assign(one!, ben.id)
    await kit.crm.changeUser(ben.id, { deleted: true })
    contact = { id: '', phone: nextPhone() }
    const path = '^/contacts/$'
    const fault = await kit.crm.fault('status', { locationId, method: 'POST', path, status: 422, times: 1 })
    await hear(one!, 'is anybody there?')
    await work(['push', 'assign'])
    await kit.crm.clearFaults(fault)
    const made = (await kit.crm.contacts(locationId)).find(({ phone }) => phone === contact.phone)
    expect(made).toBeDefined()
    expect(made!.assignedTo).toBeUndefined()
    const [pushed] = await kit.ctx.db.select().from(messages).where(eq(messages.locationId, locationId))
    expect(pushed!.crmMessageId).not.toBeNull()
    const [row] = await kit.ctx.db.select().from(sessions).where(eq(sessions.id, one!.id))
    expect(row!.assignedUserId).toBeNull()
  })

  test('gets new contacts of the session, and known ones as far as that is wanted', async () => {
    const admin = (await kit.crm.state()).users[0]!
    await assign(one!, admin.id)
    contact = { id: '', phone: nextPhone() }
    await hear(one!, 'new here')
    await work(['push', 'assign'])
    const byPhone = async () => (await kit.crm.contacts(locationId)).find(({ phone }) => phone === contact.phone)!
    expect((await byPhone()).assignedTo).toBe(admin.id)

    const known = await kit.crm.createContact(locationId, { name: 'Known', phone: nextPhone() })
    contact = known
    await hear(one!, 'known, and left alone')
    await work(['push', 'assign'])
    expect((await byPhone()).assignedTo).toBeUndefined()
    await assign(one!, admin.id, { givesKnownContacts: 'if_unassigned' })
    await hear(one!, 'known and nobody’s')
    await work(['push', 'assign'])
    expect((await byPhone()).assignedTo).toBe(admin.id)

    await kit.crm.changeContact(known, { assignedTo: 'somebody' })
    await kit.ctx.db
      .update(people)
      .set({ ownerUserId: 'somebody' as UserId })
      .where(eq(people.locationId, locationId))
    await hear(one!, 'somebody else’s')
    await work(['push', 'assign'])
    expect((await byPhone()).assignedTo).toBe('somebody')
    await assign(one!, admin.id, { givesKnownContacts: 'always' })
    await hear(one!, 'taken over')
    await work(['push', 'assign'])
    expect((await byPhone()).assignedTo).toBe(admin.id)
  })
})

describe('why?', () => {
  test('says what the real path does, and leaves nothing behind', async () => {
    const admin = await person()
    await set({ rules: [rule(two!.id, { tags: ['vip'] })] })
    const vip = await kit.crm.createContact(locationId, { name: 'Vip', phone: nextPhone(), tags: ['vip'] })
    const ask = (text: string, over: Partial<Parameters<typeof previewRouting>[2]> = {}) =>
      previewRouting(kit.ctx, admin, { locationId, contactId: vip.id as ContactId, text, ...over })
    const answer = await ask('hello')
    expect(answer).toMatchObject({ session: { id: two!.id, priority: 2 }, failure: null, body: 'hello' })
    expect(answer.trace.text).toBe('Sent on Line 2 because routing rule 1 applies: the contact is tagged "vip".')
    expect(await ask('#WH1 hello')).toMatchObject({ session: { id: one!.id }, trace: { rule: 2 }, body: 'hello' })
    expect(await ask('#WH5 hello')).toMatchObject({ session: null, failure: { code: 'session_not_found' } })
    expect(await ask('#WH1')).toMatchObject({ failure: { code: 'empty_after_codes' } })
    expect(await ask('x', { sessionId: one!.id })).toMatchObject({ session: { id: one!.id }, trace: { rule: 1 } })
    const { contactId: _, ...nobodyKnown } = { contactId: null, locationId, phone: '+34600100100', text: 'hi' }
    expect(await previewRouting(kit.ctx, admin, nobodyKnown)).toMatchObject({ session: { id: one!.id } })
    for (const table of [messages, parts, people, deliveries])
      expect(await kit.ctx.db.select().from(table).where(eq(table.locationId, locationId))).toEqual([])
    contact = vip
    const real = await accept('hello')
    await work()
    expect((await stored(real)).trace).toEqual(answer.trace)
  })

  test('a session chosen for a contact stays, whatever is heard, until it is freed', async () => {
    const admin = await person()
    const asked = { locationId, contactId: contact.id as ContactId }
    expect(await useSession(kit.ctx, admin, { ...asked, sessionId: two!.id })).toMatchObject({ locked: true })
    await hear(one!, 'hello there')
    expect(await previewRouting(kit.ctx, admin, { ...asked, text: 'x' })).toMatchObject({ session: { id: two!.id } })
    expect(await freeSession(kit.ctx, admin, asked)).toMatchObject({ sessionId: two!.id, locked: false })
    await hear(one!, 'again')
    expect(await previewRouting(kit.ctx, admin, { ...asked, text: 'x' })).toMatchObject({ session: { id: one!.id } })
    const elsewhere = await kit.subAccount()
    const foreign = await kit.session(elsewhere, 1)
    await expect(useSession(kit.ctx, admin, { ...asked, sessionId: foreign.id })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('contacts are found here and in the CRM, each once', async () => {
    const admin = await person()
    await accept('hello')
    await work()
    const other = await kit.crm.createContact(locationId, { name: 'Anabel', phone: nextPhone() })
    const found = await findContacts(kit.ctx, admin, { locationId, query: 'ana', limit: 10 })
    expect(found.items.map(({ contactId }) => contactId)).toEqual([contact.id, other.id])
    const byNumber = await findContacts(kit.ctx, admin, { locationId, query: contact.phone!, limit: 10 })
    expect(byNumber.items.map(({ contactId }) => contactId)).toEqual([contact.id])
  })
})
