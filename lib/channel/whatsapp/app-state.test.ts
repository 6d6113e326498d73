import { eq, sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { whatsappKeys } from '@/db/schema/whatsapp'
import type { LabelId, PhoneClient } from '@/e2e/emulators/whatsapp/phone-client'
import type { Address } from '@/lib/ids'
import { RecordingEars } from '@/lib/channel/recording-ears'
import { worldForTests } from './test-steps'
import type { TestSession } from './test-world'

const here = worldForTests()

/** Every name heard for a number, the last one last. */
const namesOf = (ears: RecordingEars, phone: string) =>
  ears
    .of('contacts')
    .flatMap(({ contacts }) => contacts)
    .filter(({ person }) => person.phone === phone)
    .map(({ savedName }) => savedName)

const name = (ears: RecordingEars, phone: string, savedName: string | null, from = 0) =>
  ears.waitFor(
    'contacts',
    ({ contacts }) => contacts.some((one) => one.person.phone === phone && one.savedName === savedName),
    { from, what: `${phone} as ${savedName}` },
  )

const mark = (ears: RecordingEars, labelId: string, on: boolean, from = 0) =>
  ears.waitFor(
    'labels',
    ({ marks }) => marks.some((one) => one.labelId === labelId && one.on === on && one.chat !== 'group'),
    { from, what: `label ${labelId} ${on ? 'on' : 'off'}` },
  )

const versionsOf = async (session: TestSession) =>
  (
    await here.world.db
      .select({ id: whatsappKeys.id })
      .from(whatsappKeys)
      .where(sql`${eq(whatsappKeys.sessionId, session.id)} and type = 'app-state-sync-version'`)
  ).map(({ id }) => id)

const business = () => here.world.session(here.world.channel(), 'smba')

/** The phone shares its key a moment after linking. */
async function onceShared<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (tries === 1_000 || !/not shared the key/.test(String(error))) throw error
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}

const phoneOf = (phone: PhoneClient) => `+${phone.number}`
const addressOf = async (phone: PhoneClient) => `${(await phone.view()).lid}@lid` as Address

describe('the address book', () => {
  test('is heard at linking, with both names of each person', async () => {
    const session = await here.world.session()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await session.owner.saveContact(bob, 'Bob Miller')
    const line = await session.linked()
    const { contacts } = await name(session.ears, phoneOf(bob), 'Bob Miller')
    const heard = contacts.find(({ person }) => person.phone === phoneOf(bob))!
    expect(heard.person.aliases).toEqual([await addressOf(bob), `${bob.number}@s.whatsapp.net`])
    await line.close()
  })

  test('follows every change on the phone: saved, renamed, removed', async () => {
    const session = await here.world.session()
    const line = await session.linked()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await session.owner.saveContact(bob, 'Bob')
    await name(session.ears, phoneOf(bob), 'Bob')
    await session.owner.renameContact(bob, 'Bob Miller')
    await name(session.ears, phoneOf(bob), 'Bob Miller')
    await session.owner.removeContact(bob)
    await name(session.ears, phoneOf(bob), null)
    expect(namesOf(session.ears, phoneOf(bob))).toEqual(['Bob', 'Bob Miller', null])
    await line.close()
  })

  test('is caught up with after the line was closed', async () => {
    const session = await here.world.session()
    const first = await session.linked()
    await onceShared(() => first.readBook('contacts'))
    await first.close()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await here.world.phones.loseNews(session.owner.number, true)
    await session.owner.saveContact(bob, 'Bob')
    const ears = new RecordingEars()
    const line = await session.open(ears)
    line.connect()
    await name(ears, phoneOf(bob), 'Bob')
    await line.close()
    await here.world.phones.clearFaults()
  })

  test('what was fetched and not heard is fetched again by the next line', async () => {
    // Closing does not wait for what is never heard.
    const session = await here.world.session(here.world.channel({ timings: { closeMs: 300 } }))
    const line = await session.linked()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await session.owner.saveContact(bob, 'Before')
    await name(session.ears, phoneOf(bob), 'Before')
    // As a process that dies between fetching and hearing: nothing of it is ever heard.
    let fetched = () => {}
    const isFetched = new Promise<void>((resolve) => (fetched = resolve))
    session.ears.refuse = ({ type }) => {
      if (type !== 'contacts') return
      fetched()
      return new Promise(() => {})
    }
    await session.owner.renameContact(bob, 'Lost?')
    await isFetched
    void line.close()
    const ears = new RecordingEars()
    session.channel = here.world.channel()
    const next = await session.open(ears)
    next.connect()
    await name(ears, phoneOf(bob), 'Lost?')
    await next.close()
  })

  test('how far it was read is stored once it was heard, and not fetched again then', async () => {
    const session = await here.world.session()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await session.owner.saveContact(bob, 'Bob')
    const line = await session.linked()
    await name(session.ears, phoneOf(bob), 'Bob')
    await line.close()
    expect(namesOf(session.ears, phoneOf(bob))).toEqual(['Bob'])
    expect(await versionsOf(session)).toContain('critical_unblock_low')
    const ears = new RecordingEars()
    const next = await session.open(ears)
    next.connect()
    await ears.state('connected')
    await session.owner.renameContact(bob, 'Robert')
    await name(ears, phoneOf(bob), 'Robert')
    expect(namesOf(ears, phoneOf(bob))).toEqual(['Robert'])
    await next.close()
  })

  test('is read from its beginning when asked for, and the end is told after everything', async () => {
    const session = await here.world.session()
    const line = await session.linked()
    await session.owner.saveContacts(
      Array.from({ length: 1_200 }, (_, i) => ({ number: String(34_600_100_001 + i * 3), name: `Person ${i}` })),
    )
    await name(session.ears, '+34600103598', 'Person 1199')
    const from = session.ears.events.length
    await line.readBook('contacts')
    const heard = session.ears.events.slice(from)
    const read = heard.flatMap((event) => (event.type === 'contacts' ? event.contacts : []))
    expect(new Set(read.map(({ person }) => person.phone)).size).toBe(1_200)
    expect(heard.at(-1)).toEqual({ type: 'book-read', what: 'contacts' })
    await line.close()
  })

  test('an empty one is read too', async () => {
    const session = await here.world.session()
    const line = await session.linked()
    await onceShared(() => line.readBook('contacts'))
    await session.ears.waitFor('book-read')
    await line.close()
  })

  test('waits for its key and says so', async () => {
    const session = await here.world.session()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await session.owner.saveContact(bob, 'Bob')
    await here.world.phones.withholdKeys(session.owner.number)
    const line = await session.linked()
    await expect(line.readBook('contacts')).rejects.toThrow(/not shared the key/)
    expect(session.ears.of('contacts')).toEqual([])
    await here.world.phones.withholdKeys(session.owner.number, false)
    await name(session.ears, phoneOf(bob), 'Bob')
    await line.readBook('contacts')
    await line.close()
  })

  test('killed as soon as its key is confirmed, the next owner has the key: a phone gives it once', async () => {
    // Slow writes, so that what is not stored before the confirmation never is.
    const session = await here.world.session(here.world.channel({ slowMs: 300, timings: { databaseWaitMs: 10_000 } }))
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await session.owner.saveContact(bob, 'Bob')
    const confirmed = here.world.phones.waitFor(
      ({ kind, type, number }) =>
        kind === 'receipt-from-companion' && type === 'peer_msg' && number === session.owner.number,
    )
    const line = await session.linked()
    await confirmed
    await session.takeOver()
    await line.close()
    session.channel = here.world.channel()
    const from = session.ears.events.length
    const next = await session.open()
    next.connect()
    await session.ears.state('connected', { from })
    await next.readBook('contacts')
    await name(session.ears, phoneOf(bob), 'Bob', from)
    await next.close()
  })

  test('cannot be read while the line is down, and a refusal is no empty book', async () => {
    const session = await here.world.session()
    const line = await session.linked()
    await onceShared(() => line.readBook('labels'))
    await here.world.phones.appStateFault('refuse', { number: session.owner.number, code: 503, count: 5 })
    await expect(line.readBook('contacts')).rejects.toMatchObject({ name: 'SendError' })
    expect(session.ears.of('book-read').map(({ what }) => what)).toEqual(['labels'])
    await here.world.phones.clearFaults()
    await line.close()
    await expect(line.readBook('contacts')).rejects.toThrow(/not connected/)
  })
})

test("the account's own name follows the phone", async () => {
  const session = await here.world.session()
  const line = await session.linked()
  await session.owner.setName('The Shop')
  await session.ears.waitFor('state', ({ account }) => account?.name === 'The Shop', { what: 'the own name' })
  await line.close()
})

describe('labels', () => {
  test('are heard at linking and as they change', async () => {
    const session = await business()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    await session.owner.saveContact(bob, 'Bob')
    const vip = await session.owner.createLabel('VIP', 3)
    await session.owner.labelChat(bob, vip)
    const line = await session.linked()
    const { marks } = await mark(session.ears, vip.id, true)
    expect(marks[0]!.chat).toMatchObject({ phone: phoneOf(bob) })
    const all = session.ears.of('labels').flatMap(({ labels }) => labels)
    expect(all).toContainEqual({ labelId: vip.id, name: 'VIP', color: 3, deleted: false })
    await session.owner.labelChat(bob, vip, false)
    await mark(session.ears, vip.id, false)
    await session.owner.renameLabel(vip, 'Best')
    await session.ears.waitFor('labels', ({ labels }) => labels.some((label) => label.name === 'Best'))
    await session.owner.deleteLabel(vip)
    await session.ears.waitFor('labels', ({ labels }) => labels.some((label) => label.deleted))
    await line.close()
  })

  test('are read whole when asked for', async () => {
    const session = await business()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    const line = await session.linked()
    const vip = await session.owner.createLabel('VIP')
    await session.owner.labelChat(bob, vip)
    await mark(session.ears, vip.id, true)
    const from = session.ears.events.length
    await line.readBook('labels')
    const heard = session.ears.events.slice(from)
    expect(heard.at(-1)).toEqual({ type: 'book-read', what: 'labels' })
    expect(heard.some((event) => event.type === 'labels' && event.marks.length === 1)).toBe(true)
    await line.close()
  })

  test('can be made, put, taken and deleted', async () => {
    const session = await business()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    const line = await session.linked()
    await onceShared(() => line.readBook('labels'))
    const chat = await addressOf(bob)
    await line.changeLabel({ do: 'save', labelId: '7', name: 'Lead', color: 4 })
    await line.changeLabel({ do: 'put', labelId: '7', chat })
    expect(await session.owner.labelsOn(bob)).toEqual(['Lead'])
    await line.changeLabel({ do: 'put', labelId: '7', chat })
    await line.changeLabel({ do: 'save', labelId: '7', name: 'Hot lead', color: 4 })
    expect(await session.owner.labelsOn(bob)).toEqual(['Hot lead'])
    await line.changeLabel({ do: 'take', labelId: '7', chat })
    expect(await session.owner.labelsOn(bob)).toEqual([])
    await line.changeLabel({ do: 'delete', labelId: '7' })
    expect(await session.owner.labels()).toEqual([])
    await line.close()
  })

  test.each<[string, number]>([
    ['put on the number of the chat', 1],
    ['put on its private id', 0],
  ])('one %s can be taken by the other', async (_, form) => {
    const session = await business()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    const line = await session.linked()
    const vip = await session.owner.createLabel('VIP')
    await session.owner.saveContact(bob, 'Bob')
    await name(session.ears, phoneOf(bob), 'Bob')
    const forms = [await addressOf(bob), `${bob.number}@s.whatsapp.net` as Address]
    await line.changeLabel({ do: 'put', labelId: vip.id, chat: forms[form]! })
    expect(await session.owner.labelsOn(bob)).toEqual(['VIP'])
    await line.changeLabel({ do: 'take', labelId: vip.id, chat: forms[1 - form]! })
    expect(await session.owner.labelsOn(bob)).toEqual([])
    await line.close()
  })

  test('a change that meets one of the phone is made after it, and neither is lost', async () => {
    const session = await business()
    const bob = await here.world.phones.create({ name: 'Bobby' })
    const line = await session.linked()
    const vip: LabelId = await session.owner.createLabel('VIP')
    await session.ears.waitFor('labels')
    await here.world.phones.appStateFault('conflict', { number: session.owner.number, count: 1 })
    await line.changeLabel({ do: 'put', labelId: (vip as { id: string }).id, chat: await addressOf(bob) })
    expect(await session.owner.labelsOn(bob)).toEqual(['VIP'])
    const next = await session.owner.createLabel('Next')
    await session.ears.waitFor('labels', ({ labels }) => labels.some(({ labelId }) => labelId === next.id))
    await line.close()
  })
})
