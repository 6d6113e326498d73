import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eq, sql } from 'drizzle-orm'
import { sessions } from '@/db/schema/sessions'
import { deletedContacts } from '@/db/schema/contact-sync'
import { subAccounts } from '@/db/schema/sub-accounts'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { acceptContactChange } from '@/lib/bridge/contact/accept-contact-change'
import { resolveContact } from '@/lib/bridge/contact/resolve'
import { lockPerson } from '@/lib/bridge/contact/lock-person'
import type { Actor } from '@/lib/bridge/context'
import { changeSession } from '@/lib/bridge/session/change'
import { openBookRequest } from '@/lib/bridge/session/ask-for-book'
import { hearBookRead } from '@/lib/bridge/session/hear-book-read'
import { replaceNumber } from '@/lib/bridge/session/replace-number'
import type { OwnedSession, Person } from '@/lib/channel/channel'
import type { Address, CompanyId, ContactId, LocationId, RemoteId, UserId } from '@/lib/ids'
import { claimForAnyone } from '@/lib/outbox/claim'
import { startCrmWork, type CrmWork } from '@/lib/worker/work'
import { productionTimings } from '@/lib/worker/timings'
import type { Settings } from '../sub-account/settings'
import type { ContactSyncView } from './contact-sync'
import { hearInbound } from '../message/hear-inbound'
import { failContactSync } from './fail'
import { hearContacts } from './hear-contacts'
import { previewContactSync } from './preview'
import { pushContacts } from './push-contacts'
import { readContactSync } from './read'
import { sweepPreviews } from './switch'

let kit: BridgeKit
let work: CrmWork
beforeAll(async () => {
  kit = await startBridgeKit({ requestEveryMs: 1 })
  work = start()
})
afterAll(async () => {
  await work.stop(1_000)
  await kit.close()
})

const start = () =>
  startCrmWork(kit.ctx, 'test', {
    ...productionTimings,
    pollMs: 30,
    laneHoldMs: 2_000,
    contactEveryMs: 0,
    crmRetry: { minMs: 20, maxMs: 100 },
    refusedAgainMs: 200,
  })

type Session = OwnedSession & { channel: 'whatsapp' }

let locationId: LocationId
let actor: Actor
let one: Session
beforeEach(async () => {
  locationId = await kit.subAccount()
  const [row] = await kit.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, locationId))
  actor = {
    ...{ kind: 'user', userId: 'u' as UserId, name: 'Ana', email: '', role: 'location_admin' },
    ...{ companyId: row!.companyId as CompanyId, locationId, locationIds: null },
  }
  one = await kit.session(locationId, 1)
})

const person = (phone: string | null, lid?: string): Person => {
  const pn = phone && (`${phone.slice(1)}@s.whatsapp.net` as Address)
  const aliases = [lid && (`${lid}@lid` as Address), pn].filter((alias): alias is Address => Boolean(alias))
  return { address: aliases[0]!, aliases, phone, name: null }
}
const saved = (book: Record<string, string | null>) =>
  Object.entries(book).map(([phone, savedName]) => ({ person: person(phone), savedName }))

const on = (session: Session = one) =>
  changeSession(kit.ctx, actor, { sessionId: session.id, change: { syncContacts: true } })
const off = (session: Session = one) =>
  changeSession(kit.ctx, actor, { sessionId: session.id, change: { syncContacts: false } })
const view = (session: Session = one) => readContactSync(kit.ctx, actor, session.id)
const hear = (book: Record<string, string | null>, session: Session = one) =>
  hearContacts(kit.ctx, session, saved(book))
const request = async (session: Session = one) => (await openBookRequest(kit.ctx, session.id, 'contacts')) ?? ''
const bookRead = async (session: Session = one) => hearBookRead(kit.ctx, session, 'contacts', await request(session))
const contacts = () => kit.crm.contacts(locationId)
const names = async () =>
  (await contacts()).map((c) => `${c.phone} ${[c.firstName, c.lastName].filter(Boolean).join(' ')}`).sort()

async function until(state: ContactSyncView['state'], session: Session = one): Promise<ContactSyncView> {
  for (let tries = 0; tries < 1_600; tries++) {
    const now = await view(session)
    if (now.state === state && !(await isBusy(session))) return now
    await new Promise((done) => setTimeout(done, 25))
  }
  throw new Error(`not ${state} but ${JSON.stringify(await view(session))}`)
}
const isBusy = async (session: Session) =>
  (
    await kit.ctx.db.execute<{ busy: boolean }>(
      sql`select is_at_work as busy from contact_syncs where session_id = ${session.id}`,
    )
  )[0]!.busy

async function preview(book: Record<string, string>, session: Session = one): Promise<ContactSyncView> {
  await previewContactSync(kit.ctx, actor, session.id)
  await hear(book, session)
  await bookRead(session)
  return await until('ready', session)
}

async function run(book: Record<string, string>, session: Session = one): Promise<ContactSyncView> {
  await preview(book, session)
  await on(session)
  return await until('done', session)
}

async function set(change: Partial<Settings>): Promise<void> {
  await kit.ctx.db
    .update(subAccounts)
    .set({ settings: change as Record<string, unknown> })
    .where(eq(subAccounts.id, locationId))
}

describe('a preview', () => {
  test('counts what a run would do and writes nothing', async () => {
    await kit.crm.createContact(locationId, { name: 'Dr. Kept', phone: '+34600000001', tags: ['wa-contact'] })
    await kit.crm.createContact(locationId, { name: '', phone: '+34600000002' })
    const before = await names()
    const asked = await previewContactSync(kit.ctx, actor, one.id)
    expect(asked).toMatchObject({ state: 'reading', counts: null })
    const counted = await preview({
      '+34600000001': 'Kept',
      '+34600000002': 'Filled',
      '+34600000003': 'New',
      [one.phone!]: 'Me',
    })
    expect(counted).toMatchObject({ counts: { new: 1, update: 1, skipped: 2 }, progress: null })
    expect(await names()).toEqual(before)
  })

  test('asks the phone once, and what nobody asked for is not kept', async () => {
    await hear({ '+34600000001': 'Unasked' })
    await previewContactSync(kit.ctx, actor, one.id)
    await previewContactSync(kit.ctx, actor, one.id)
    const [row] = await kit.ctx.db.execute<{ n: string; books: string; reading: number }>(sql`
      select (select count(*) from saved_contacts where session_id = ${one.id}) as n, reading,
        (select count(*) from book_requests where session_id = ${one.id}) as books
      from contact_syncs where session_id = ${one.id}`)
    expect(row).toEqual({ n: '0', books: '1', reading: 1 })
  })

  test('of a session nobody linked is refused', async () => {
    await kit.ctx.db.update(sessions).set({ isLinked: false }).where(eq(sessions.id, one.id))
    await expect(previewContactSync(kit.ctx, actor, one.id)).rejects.toMatchObject({ code: 'wrong_status' })
  })
})

describe('a run', () => {
  test('makes who is new, with source and tag, and fills who has no name', async () => {
    await kit.crm.createContact(locationId, { name: '+34 600 000 002', phone: '+34600000002' })
    const done = await run({ '+34600000002': 'Filled In', '+34600000003': 'New Person' })
    expect(await names()).toEqual(['+34600000002 Filled In', '+34600000003 New Person'])
    const made = (await contacts()).find((c) => c.phone === '+34600000003')
    expect(made).toMatchObject({ source: 'WhatsApp', tags: ['wa-contact'] })
    expect((await contacts()).find((c) => c.phone === '+34600000002')?.tags).toEqual(['wa-contact'])
    expect(done).toMatchObject({ progress: { done: 2, total: 2 }, report: [] })
  })

  test('keeps a name of the CRM unless the phone is to win', async () => {
    await kit.crm.createContact(locationId, { name: 'Dr. Ana', phone: '+34600000001' })
    await run({ '+34600000001': 'Anita' })
    expect(await names()).toEqual(['+34600000001 Dr. Ana'])
    await off()
    await set({ namePolicy: 'phone_wins' })
    await run({ '+34600000001': 'Anita' })
    expect(await names()).toEqual(['+34600000001 Anita'])
  })

  test('starts by itself when the switch is turned on without a preview', async () => {
    await on()
    expect(await view()).toMatchObject({ state: 'reading' })
    await hear({ '+34600000001': 'Straight' })
    await bookRead()
    await until('done')
    expect(await names()).toEqual(['+34600000001 Straight'])
  })

  test.each([
    ['BR', '+5511987654321', '+551187654321'],
    ['MX', '+5215512345678', '+525512345678'],
    ['AR', '+5491123456789', '+541123456789'],
  ])('finds the %s contact under its other number, and remembers who it is', async (_, whatsapp, crm) => {
    const { id } = await kit.crm.createContact(locationId, { name: '', phone: crm })
    await run({ [whatsapp]: 'One Person' })
    expect(await names()).toEqual([`${crm} One Person`])
    // Who writes from the other number is this contact.
    const known = await kit.ctx.db.transaction((tx) =>
      lockPerson(tx, {
        ...{ locationId, channel: 'whatsapp', addresses: person(whatsapp).aliases },
        ...{ contactId: null, phone: whatsapp, name: null },
      }),
    )
    expect(known.contactId).toBe(id)
  })

  test('finds who wrote before by their address, whatever number the CRM has', async () => {
    const { id } = await kit.crm.createContact(locationId, { name: '', phone: '+15550001111' })
    await kit.ctx.db.transaction((tx) =>
      lockPerson(tx, {
        ...{ locationId, channel: 'whatsapp', addresses: person('+34600000001', '77').aliases },
        ...{ contactId: id as ContactId, phone: '+34600000001', name: null },
      }),
    )
    await previewContactSync(kit.ctx, actor, one.id)
    await hearContacts(kit.ctx, one, [{ person: person('+34600000001', '77'), savedName: 'Known' }])
    await bookRead()
    expect((await until('ready')).counts).toEqual({ new: 0, update: 1, skipped: 0 })
    await on()
    await until('done')
    expect(await names()).toEqual(['+15550001111 Known'])
  })

  test('uses the contact active last where several have the number, and reports it', async () => {
    await kit.crm.changeSubAccount(locationId, { allowDuplicateContact: true })
    const crm = kit.ctx.highlevel.forSubAccount(locationId)
    const first = await crm.createContact({ name: '1', phone: '+34600000001', source: 'x' })
    await crm.createContact({ name: 'Other', phone: '+34600000001', source: 'x' })
    // The CRM dates what happens in whole milliseconds.
    for (const madeMs = Date.now(); Date.now() <= madeMs + 1;) await new Promise((done) => setImmediate(done))
    await kit.crm.changeContact(first.id, { firstName: '' })
    const done = await run({ '+34600000001': 'Right One' })
    expect(await names()).toEqual(['+34600000001 Other', '+34600000001 Right One'])
    expect(done.report).toEqual([
      expect.objectContaining({ name: 'Right One', phone: '+34600000001', why: expect.stringMatching(/^Several/) }),
    ])
  })

  test('leaves out whoever has no number', async () => {
    await previewContactSync(kit.ctx, actor, one.id)
    await hearContacts(kit.ctx, one, [{ person: person(null, '4711'), savedName: 'Only a LID' }])
    await bookRead()
    expect(await until('ready')).toMatchObject({
      counts: { new: 0, update: 0, skipped: 1 },
      report: [{ name: 'Only a LID', phone: null }],
    })
  })

  test('tells of a contact the CRM refuses and goes on with the others', async () => {
    await preview({ '+34600000001': 'Refused', '+34600000002': 'Taken' })
    await kit.crm.fault('status', { locationId, method: 'POST', path: '/contacts/$', status: 422, times: 1 })
    await on()
    const done = await until('done')
    expect(await contacts()).toHaveLength(1)
    expect(done.report).toEqual([
      expect.objectContaining({ whyCode: 'refused', why: expect.stringMatching(/refused/) }),
    ])
  })

  test('waits for a CRM that is away, says so, and makes nobody twice', async () => {
    await kit.crm.changeSubAccount(locationId, { allowDuplicateContact: true })
    const book = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`+3460000${1000 + i}`, `Person ${i}`]))
    await preview(book)
    // Half of what it makes is made without its answer arriving, then it is away altogether.
    await kit.crm.fault('drop-after', { locationId, method: 'POST', path: '/contacts/$', times: 10 })
    await kit.crm.fault('status', { locationId, path: 'search/duplicate', status: 503, times: 25 })
    await on()
    const waiting = await until2('waiting')
    expect(waiting).toMatchObject({ detailCode: 'away', detail: expect.stringContaining('does not answer') })
    await kit.crm.clearFaults()
    const done = await until('done')
    expect(done.progress).toEqual({ done: 60, total: 60 })
    const phones = (await contacts()).map((c) => c.phone)
    expect(phones).toHaveLength(60)
    expect(new Set(phones).size).toBe(60)
  })

  test('names a contact made before a crash as its own', async () => {
    await preview({ '+34600000001': 'First Name' })
    await kit.crm.fault('drop-after', { locationId, method: 'POST', path: '/contacts/$', times: 1 })
    await on()
    await until('done')
    await hear({ '+34600000001': 'Second Name' })
    await until('done')
    expect(await names()).toEqual(['+34600000001 Second Name'])
  })
})

/** Seen at some moment, not to last. */
async function until2(state: ContactSyncView['state']): Promise<ContactSyncView> {
  for (let tries = 0; tries < 4_000; tries++) {
    const now = await view()
    if (now.state === state) return now
    await new Promise((done) => setTimeout(done, 5))
  }
  throw new Error(`never ${state}`)
}

describe('afterwards', () => {
  test('new and renamed contacts follow, removed ones stay', async () => {
    await run({ '+34600000001': 'Ana', '+34600000002': 'Ben' })
    await hear({ '+34600000001': 'Ana López', '+34600000002': null, '+34600000003': 'Carla' })
    await until('done')
    expect(await names()).toEqual(['+34600000001 Ana López', '+34600000002 Ben', '+34600000003 Carla'])
  })

  test('a name somebody changed in the CRM is left alone', async () => {
    await run({ '+34600000001': 'Ana' })
    const [contact] = await contacts()
    await kit.crm.changeContact(contact!, { firstName: 'Dr.', lastName: 'Ana' })
    await hear({ '+34600000001': 'Anita' })
    await until('done')
    expect(await names()).toEqual(['+34600000001 Dr. Ana'])
  })

  test('off stops it, and what was saved meanwhile comes with the next reading', async () => {
    await run({ '+34600000001': 'Ana' })
    await off()
    expect(await view()).toMatchObject({ state: 'off', counts: null, progress: null })
    await hear({ '+34600000002': 'Ben' })
    expect(await names()).toEqual(['+34600000001 Ana'])
    const kept = await kit.ctx.db.execute(sql`
      select phone, name, tried_name from saved_contacts where session_id = ${one.id}`)
    expect(kept).toEqual([{ phone: '+34600000001', name: null, tried_name: null }])
    await run({ '+34600000001': 'Ana', '+34600000002': 'Ben' })
    expect(await names()).toEqual(['+34600000001 Ana', '+34600000002 Ben'])
  })

  test('of people who did not become contacts nothing is kept once it is off or they are not saved any more', async () => {
    await kit.ctx.db.insert(deletedContacts).values({ locationId, phone: '+34600000002', at: new Date() })
    await run({ '+34600000001': 'Ana', '+34600000002': 'Ben', '+34600000003': 'Carla' })
    await previewContactSync(kit.ctx, actor, one.id)
    await hear({ '+34600000001': 'Ana' })
    await bookRead()
    await until('done')
    const phones = async () =>
      (
        await kit.ctx.db.execute<{ phone: string }>(sql`
          select phone from saved_contacts where session_id = ${one.id} order by phone`)
      ).map(({ phone }) => phone)
    expect(await phones()).toEqual(['+34600000001', '+34600000003'])
    await hear({ '+34600000002': 'Ben' })
    await until('done')
    await off()
    expect(await phones()).toEqual(['+34600000001', '+34600000003'])
  })

  test('what the report says of saved people is for those who may sync them', async () => {
    await preview({ '+34600000001': 'Ana' })
    await kit.ctx.db.execute(sql`update saved_contacts set why = 'refused' where session_id = ${one.id}`)
    expect((await view()).report).toHaveLength(1)
    const colleague = { ...actor, role: 'location_user' } as Actor
    expect(await readContactSync(kit.ctx, colleague, one.id)).toMatchObject({ state: 'ready', report: [] })
  })

  test('a reading that began before it was turned off and on again is not taken for the whole book', async () => {
    await on()
    const early = await request()
    await hear({ '+34600000001': 'Ana' })
    await off()
    await on()
    await hear({ '+34600000002': 'Ben' })
    await hearBookRead(kit.ctx, one, 'contacts', early)
    expect(await view()).toMatchObject({ state: 'reading' })
    expect(await request()).not.toBe('')
    await hear({ '+34600000001': 'Ana', '+34600000002': 'Ben' })
    await bookRead()
    await until('done')
    expect(await names()).toEqual(['+34600000001 Ana', '+34600000002 Ben'])
  })

  test('a preview nobody confirms is forgotten after a day, one that was confirmed is not', async () => {
    const two = await kit.session(locationId, 2)
    await preview({ '+34600000001': 'Ana' })
    await run({ '+34600000002': 'Ben' }, two)
    await sweepPreviews(kit.ctx.db)
    expect(await view()).toMatchObject({ state: 'ready', finishedAt: null })
    await kit.ctx.db.execute(sql`update contact_syncs set finished_at = now() - interval '25 hours'`)
    await sweepPreviews(kit.ctx.db)
    expect(await view()).toMatchObject({ state: 'off' })
    expect(await view(two)).toMatchObject({ state: 'done' })
    const kept = await kit.ctx.db.execute(sql`select name from saved_contacts where location_id = ${locationId}`)
    expect(kept).toEqual([{ name: 'Ben' }])
    expect(await run({ '+34600000001': 'Ana' })).toMatchObject({ counts: { new: 1 } })
  })

  test('with another number the book of its phone takes the place of the old one', async () => {
    await run({ '+34600000001': 'Ana', '+34600000002': 'Ben' })
    await kit.ctx.db
      .update(sessions)
      .set({ isLinked: false, status: 'logged_out', phone: '+34600000099' })
      .where(eq(sessions.id, one.id))
    await replaceNumber(kit.ctx, actor, { sessionId: one.id })
    expect(await view()).toMatchObject({ state: 'reading', report: [] })
    const kept = await kit.ctx.db.execute(sql`
      select name from saved_contacts where session_id = ${one.id} and name is not null`)
    expect(kept).toEqual([])
    await hear({ '+34600000003': 'Carla' })
    await bookRead()
    await until('done')
    expect(await names()).toEqual(['+34600000001 Ana', '+34600000002 Ben', '+34600000003 Carla'])
  })

  test('a delivery that fails after it was turned off does not keep the next one from being made', async () => {
    await run({ '+34600000001': 'Ana' })
    await off()
    await kit.ctx.db.execute(sql`update contact_syncs set is_at_work = true where session_id = ${one.id}`)
    await kit.ctx.db.transaction((tx) => failContactSync(tx, one.id))
    expect(await view()).toMatchObject({ state: 'off' })
    await run({ '+34600000001': 'Ana', '+34600000002': 'Ben' })
    expect(await names()).toEqual(['+34600000001 Ana', '+34600000002 Ben'])
  })

  test('what failed and comes through with the next change on the phone is done', async () => {
    await run({ '+34600000001': 'Ana' })
    await kit.ctx.db.transaction((tx) => failContactSync(tx, one.id))
    expect(await view()).toMatchObject({ state: 'failed' })
    await hear({ '+34600000002': 'Ben' })
    await until('done')
    expect(await names()).toEqual(['+34600000001 Ana', '+34600000002 Ben'])
  })

  test('who writes after their contact was deleted is a contact again, for the sync as well', async () => {
    await kit.ctx.db.execute(sql`
      insert into deleted_contacts (location_id, phone, at) values (${locationId}, '+34600000001', now())`)
    await hearInbound(kit.ctx, one, {
      ...{ type: 'message', id: `again-${Date.now()}` as RemoteId, person: person('+34600000001'), fromPhone: false },
      ...{ content: { kind: 'text', text: 'hello' }, at: new Date() },
    })
    await expect.poll(contacts).toHaveLength(1)
    await expect
      .poll(() => kit.ctx.db.execute(sql`select 1 from deleted_contacts where location_id = ${locationId}`))
      .toHaveLength(0)
  })

  test('a contact deleted in the CRM does not come back by itself', async () => {
    await run({ '+34600000001': 'Ana' })
    const [contact] = await contacts()
    await kit.crm.deleteContact(contact!)
    await kit.ctx.db.transaction((tx) =>
      acceptContactChange(
        kit.ctx,
        tx,
        { type: 'contact-deleted', locationId, contactId: contact!.id as ContactId },
        null,
      ),
    )
    await hear({ '+34600000001': 'Ana López' })
    await until('done')
    expect(await contacts()).toEqual([])
    await off()
    expect(await run({ '+34600000001': 'Ana López' })).toMatchObject({ counts: { new: 0, update: 0, skipped: 1 } })
    expect(await contacts()).toEqual([])
  })

  test('a deletion nobody told us of is noticed', async () => {
    await run({ '+34600000001': 'Ana' })
    await kit.crm.deleteContact((await contacts())[0]!)
    await hear({ '+34600000001': 'Ana López' })
    await until('done')
    expect(await contacts()).toEqual([])
  })
})

describe('two sessions', () => {
  test('that saved different names: the lower priority number wins, whichever comes last', async () => {
    const two = await kit.session(locationId, 2)
    await run({ '+34600000001': 'Name of Two' }, two)
    expect(await names()).toEqual(['+34600000001 Name of Two'])
    await run({ '+34600000001': 'Name of One' })
    expect(await names()).toEqual(['+34600000001 Name of One'])
    await hear({ '+34600000001': 'Two Again' }, two)
    const second = await until('done', two)
    expect(await names()).toEqual(['+34600000001 Name of One'])
    expect(second.report).toEqual([expect.objectContaining({ why: expect.stringMatching(/lower priority/) })])
  })
})

test('who wrote first is called what the phone calls them, and new contacts go to the assigned user', async () => {
  const ana = await kit.ctx.db.transaction((tx) =>
    lockPerson(tx, {
      ...{ locationId, channel: 'whatsapp', addresses: person('+34600000001').aliases },
      ...{ contactId: null, phone: '+34600000001', name: 'anita 🌸' },
    }),
  )
  await resolveContact(kit.ctx, ana)
  expect(await names()).toEqual(['+34600000001 anita 🌸'])
  const user = await kit.crm.createUser({ name: 'Uma Salas', type: 'account', role: 'user', locations: [locationId] })
  await changeSession(kit.ctx, actor, { sessionId: one.id, change: { assignedUserId: user.id as UserId } })
  await run({ '+34600000001': 'Ana López', '+34600000002': 'Ben' })
  expect(await names()).toEqual(['+34600000001 Ana López', '+34600000002 Ben'])
  const owners = Object.fromEntries((await contacts()).map(({ phone, assignedTo }) => [phone, assignedTo]))
  expect(owners).toEqual({ '+34600000001': undefined, '+34600000002': user.id })
})

test('chats nobody saved come only where that is set', async () => {
  const { id } = await kit.ctx.db.transaction((tx) =>
    lockPerson(tx, {
      ...{ locationId, channel: 'whatsapp', addresses: person('+34600000009').aliases },
      ...{ contactId: null, phone: '+34600000009', name: 'Pushy' },
    }),
  )
  await kit.ctx.db.execute(sql`
    insert into chats (id, location_id, session_id, person_id, address)
    values (gen_random_uuid(), ${locationId}, ${one.id}, ${id}, '34600000009@s.whatsapp.net')`)
  expect((await preview({ '+34600000001': 'Ana' })).counts).toEqual({ new: 1, update: 0, skipped: 0 })
  await set({ includeUnsavedChats: true })
  await on()
  await until('done')
  expect(await names()).toEqual(['+34600000001 Ana'])
  await off()
  await run({ '+34600000001': 'Ana' })
  expect(await names()).toEqual(['+34600000001 Ana', '+34600000009 Pushy'])
})

test('no more than five contacts a second are begun', async () => {
  const book = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`+3460000${1000 + n}`, `Saved ${n}`]))
  await preview(book)
  await work.stop(1_000)
  try {
    await on()
    const claimed = await claimForAnyone(kit.ctx.db, 'pace', { limit: 50, holdMs: 60_000, except: [] })
    const delivery = claimed.find(({ kind, locationId: of }) => kind === 'contacts' && of === locationId)
    let nowMs = 0
    const begun = [nowMs]
    const clock = {
      ...kit.ctx.clock,
      monotonicMs: () => nowMs,
      async sleep(ms: number) {
        begun.push(nowMs + ms)
        nowMs += ms
      },
    }
    const pace = { everyMs: productionTimings.contactEveryMs }
    await pushContacts({ ...kit.ctx, clock }, 'pace', delivery!, () => true, pace)
    expect(await contacts()).toHaveLength(12)
    expect(begun).toEqual(Array.from({ length: 12 }, (_, n) => n * 200))
  } finally {
    work = start()
  }
})
