// Labels of a phone and tags of contacts, on a real database against the emulated CRM and a phone behind a recording line.
import { and, eq, isNull } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { bookRequests } from '@/db/schema/contact-sync'
import { owner, startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { labelPhone, type LabelPhone } from '@/e2e/label-phone'
import { createTagKit, personOf, type Owned, type TagKit } from '@/e2e/tag-kit'
import { SendError } from '@/lib/channel/channel'
import type { Address, LocationId, RemoteId, UserId } from '@/lib/ids'
import { claimForAnyone, claimForSessions } from '@/lib/outbox/claim'
import { hearAlias } from '../contact/hear-alias'
import { pushTags } from '../contact/push-tags'
import type { Actor } from '../context'
import { hearInbound } from '../message/hear-inbound'
import { changeSession, type SessionChange } from '../session/change'
import { hearState } from '../session/hear-state'
import { linkSession } from '../session/link'
import { logoutSession } from '../session/logout'
import { replaceNumber } from '../session/replace-number'
import type { Settings } from '../sub-account/settings'
import { hearLabels } from './hear-labels'
import { wishLabels } from './label-wishes'
import { previewLabelSync } from './preview'
import { readLabelSync } from './read'
import { sendLabels } from './send-labels'

let kit: BridgeKit
let tags: TagKit
beforeAll(async () => {
  kit = await startBridgeKit()
  tags = createTagKit(kit)
})
afterAll(() => kit.close())

const [ana, bob] = ['+15550100001', '+15550100002'] as const
/** Account tags have tests of their own. */
const quiet: Partial<Settings> = { tagMode: 'off', inboundTag: '', phoneReplyTag: '' }

interface World {
  locationId: LocationId
  actor: Actor
  phones: LabelPhone[]
  one: LabelPhone
  two: LabelPhone
  change(phone: LabelPhone, change: SessionChange): Promise<unknown>
  settle(): Promise<void>
}

async function world(more: { switches?: SessionChange; settings?: Partial<Settings>; phones?: number } = {}) {
  const locationId = await kit.subAccount()
  await tags.set(locationId, { ...quiet, ...more.settings })
  const phones: LabelPhone[] = []
  for (let n = 1; n <= (more.phones ?? 1); n++) phones.push(labelPhone(kit, await tags.session(locationId, n)))
  const [row] = await kit.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, locationId))
  const actor: Actor = {
    ...{ kind: 'user', userId: 'u1' as UserId, name: 'Ana', email: 'a@example.com', role: 'location_admin' },
    ...{ companyId: row!.companyId, locationId, locationIds: null },
  }
  const lines = new Map(phones.map((phone) => [phone.owned.id, phone]))
  const made: World = {
    ...{ locationId, actor, phones, one: phones[0]!, two: phones[1]! },
    change: (phone, change) => changeSession(kit.ctx, actor, { sessionId: phone.owned.id, change }),
    async settle() {
      for (let quietRounds = 0; quietRounds < 2;) {
        const events = await tags.hear()
        for (const phone of phones) await phone.tell()
        await tags.work(lines)
        quietRounds = events === 0 ? quietRounds + 1 : 0
      }
    },
  }
  if (more.switches)
    for (const phone of phones) {
      await made.change(phone, more.switches)
      if (more.switches.syncLabels) await phone.tellBook()
    }
  return made
}

const known = async (phone: LabelPhone, person: string) => {
  await tags.write(phone.owned, person)
  await tags.work()
}

describe('the phone says', () => {
  it('a label put on a chat is a tag, taken off it is gone, and a tag a person gave stays', async () => {
    const { locationId, one, settle } = await world({ switches: { syncLabels: true } })
    await known(one, ana)
    one.make('  New   Customer ')
    one.make('VIP')
    one.put('  New   Customer ', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['new customer'])
    const { contactId } = await tags.person(locationId, ana)
    await kit.crm.tagContact(contactId!, { add: ['vip'] })
    await settle()
    one.put('VIP', ana)
    await settle()
    one.take('VIP', ana)
    one.take('  New   Customer ', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['vip'])
  })

  it('a renamed label is another tag; a deleted one is off every chat', async () => {
    const { locationId, one, settle } = await world({ switches: { syncLabels: true } })
    await known(one, ana)
    await known(one, bob)
    one.make('Lead')
    one.put('Lead', ana)
    one.put('Lead', bob)
    await settle()
    one.rename('Lead', 'Hot lead')
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['hot lead'])
    one.remove('Hot lead')
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
    expect(await tags.tagsInCrm(locationId, bob)).toEqual([])
  })

  it('a tag stays while another session still has the label on the contact', async () => {
    const { locationId, one, two, settle } = await world({ switches: { syncLabels: true }, phones: 2 })
    await known(one, ana)
    for (const phone of [one, two]) {
      phone.make('Lead')
      phone.put('Lead', ana)
    }
    await settle()
    one.take('Lead', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['lead'])
    two.take('Lead', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
  })

  it('a tag somebody removed in the CRM comes back only when the label is put again', async () => {
    const { locationId, one, settle } = await world({ switches: { syncLabels: true } })
    await known(one, ana)
    one.make('Lead')
    one.put('Lead', ana)
    await settle()
    const { contactId } = await tags.person(locationId, ana)
    await kit.crm.tagContact(contactId!, { remove: ['lead'] })
    await settle()
    one.forgetToHaveTold(2)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
    expect(one.labelsOn(ana)).toEqual(['Lead'])
    one.take('Lead', ana)
    one.put('Lead', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['lead'])
  })

  it('reserved names get a prefix, and the prefix of the settings goes before every tag', async () => {
    const { locationId, one, settle } = await world({ switches: { syncLabels: true } })
    await known(one, ana)
    for (const name of ['wa-group', 'WA-Account-Line-1', 'Paid 💶']) {
      one.make(name)
      one.put(name, ana)
    }
    await settle()
    const expected = ['label-wa-account-line-1', 'label-wa-group', 'paid 💶']
    expect((await tags.tagsInCrm(locationId, ana)).toSorted()).toEqual(expected)
    const other = await world({ switches: { syncLabels: true }, settings: { labelPrefix: 'wa: ' } })
    await known(other.one, ana)
    other.one.make('Paid')
    other.one.put('Paid', ana)
    await other.settle()
    expect(await tags.tagsInCrm(other.locationId, ana)).toEqual(['wa: paid'])
  })

  it('a chat without a contact gets one only if it has messages here; a contact with its number is found', async () => {
    const { locationId, one, settle } = await world({ switches: { syncLabels: true } })
    await kit.crm.createContact(locationId, { name: 'Bob', phone: bob })
    one.make('Lead')
    one.put('Lead', ana)
    one.put('Lead', bob)
    await settle()
    expect((await kit.crm.contacts(locationId)).map((contact) => contact.phone)).toEqual([bob])
    expect(await tags.tagsInCrm(locationId, bob)).toEqual(['lead'])
    await known(one, ana)
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['lead'])
  })

  it('is not believed while the switch is off', async () => {
    const { locationId, one, settle } = await world()
    await known(one, ana)
    one.make('Lead')
    one.put('Lead', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
  })
})

describe('the switch', () => {
  it('shows first what it would do, does it on confirmation, and leaves the tags when it is turned off', async () => {
    const { locationId, one, actor, change, settle } = await world()
    await known(one, ana)
    await known(one, bob)
    one.make('Lead')
    one.make('Paid')
    one.put('Lead', ana)
    one.put('Lead', bob)
    one.put('Paid', bob)
    await settle()
    const asked = await previewLabelSync(kit.ctx, actor, one.owned.id)
    expect(asked).toMatchObject({ state: 'reading', detailCode: 'reading', available: true })
    expect(await kit.ctx.db.select().from(bookRequests).where(ofSession(one.owned))).toHaveLength(1)
    await one.tellBook()
    const since = await kit.crm.now()
    const ready = await readLabelSync(kit.ctx, actor, one.owned.id)
    expect(ready).toMatchObject({ state: 'ready', counts: { labels: 2, contacts: 2, added: 3 } })
    expect(ready.labels).toEqual([
      { name: 'Lead', tag: 'lead', contacts: 2 },
      { name: 'Paid', tag: 'paid', contacts: 1 },
    ])
    await settle()
    expect(await tags.writes(since)).toHaveLength(0)
    await change(one, { syncLabels: true })
    expect(await readLabelSync(kit.ctx, actor, one.owned.id)).toMatchObject({ state: 'running' })
    await settle()
    expect(await readLabelSync(kit.ctx, actor, one.owned.id)).toMatchObject({ state: 'done' })
    expect((await tags.tagsInCrm(locationId, bob)).toSorted()).toEqual(['lead', 'paid'])
    await change(one, { syncLabels: false })
    one.take('Lead', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['lead'])
    expect(await readLabelSync(kit.ctx, actor, one.owned.id)).toMatchObject({ state: 'off' })
  })

  it('a consumer phone has no labels, and says so', async () => {
    const { one, actor, change } = await world()
    await kit.ctx.db.update(sessions).set({ platform: 'consumer' }).where(eq(sessions.id, one.owned.id))
    const view = await readLabelSync(kit.ctx, actor, one.owned.id)
    expect(view).toMatchObject({ available: false, whyCode: 'consumer', state: 'off', detailCode: 'off' })
    expect(view.why).toContain('WhatsApp Business')
    for (const switches of [{ syncLabels: true }, { pushTags: true }])
      await expect(change(one, switches)).rejects.toMatchObject({ code: 'wrong_status', message: view.why })
    await expect(previewLabelSync(kit.ctx, actor, one.owned.id)).rejects.toMatchObject({ code: 'wrong_status' })
  })
})

const ofSession = (owned: Owned) => and(eq(bookRequests.sessionId, owned.id), eq(bookRequests.what, 'labels'))

describe('the CRM says', () => {
  const pushing = { switches: { pushTags: true }, settings: { pushedTags: ['VIP'], pushedTagPrefix: 'crm ' } }

  it('a chosen tag is a label on every session with a chat; removed, the label goes', async () => {
    const { locationId, one, two, settle } = await world({ ...pushing, phones: 3 })
    await known(one, ana)
    await known(two, ana)
    await settle()
    const { contactId } = await tags.person(locationId, ana)
    await kit.crm.tagContact(contactId!, { add: ['vip', 'crm lead', 'other', 'wa-account-x'] })
    await settle()
    expect(one.labelsOn(ana)).toEqual(['crm lead', 'vip'])
    expect(two.labelsOn(ana)).toEqual(['crm lead', 'vip'])
    await kit.crm.tagContact(contactId!, { remove: ['vip'], as: 'workflow' })
    await settle()
    expect(one.labelsOn(ana)).toEqual(['crm lead'])
    expect(one.names()).toEqual(['crm lead', 'vip'])
  })

  it('a label of a phone that only tells is a tag, and so a label of a phone that is only told; taken off it goes from both', async () => {
    const { locationId, one, two, change, settle } = await world({ settings: pushing.settings, phones: 2 })
    await change(one, { syncLabels: true })
    await one.tellBook()
    await change(two, { pushTags: true })
    await known(one, ana)
    await known(two, ana)
    for (const name of ['VIP', 'Other']) {
      one.make(name)
      one.put(name, ana)
    }
    await settle()
    expect((await tags.tagsInCrm(locationId, ana)).toSorted()).toEqual(['other', 'vip'])
    expect(two.labelsOn(ana)).toEqual(['vip'])
    // What is put or taken there is not believed, and the tag is not held by it.
    const since = await kit.crm.now()
    await settle()
    expect(await tags.writes(since)).toHaveLength(0)
    one.take('VIP', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['other'])
    expect(two.labelsOn(ana)).toEqual([])
  })

  it('a label the app put on a phone that also tells does not hold the tag when the one it came from goes', async () => {
    const { locationId, one, two, change, settle } = await world({ settings: pushing.settings, phones: 2 })
    await change(one, { syncLabels: true })
    await one.tellBook()
    await change(two, { syncLabels: true, pushTags: true })
    await two.tellBook()
    await known(one, ana)
    await known(two, ana)
    one.make('VIP')
    one.put('VIP', ana)
    await settle()
    expect(two.labelsOn(ana)).toEqual(['vip'])
    one.take('VIP', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
    expect(two.labelsOn(ana)).toEqual([])
    // The way back: what the other phone says is a tag, but no label of one that is told nothing.
    two.put('vip', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['vip'])
    expect(one.labelsOn(ana)).toEqual([])
  })

  it('a label a person put on the phone stays when the tag goes', async () => {
    const { locationId, one, settle } = await world(pushing)
    await known(one, ana)
    one.make('vip')
    one.put('vip', ana)
    await settle()
    const { contactId } = await tags.person(locationId, ana)
    await kit.crm.tagContact(contactId!, { add: ['vip'] })
    await settle()
    await kit.crm.tagContact(contactId!, { remove: ['vip'] })
    await settle()
    expect(one.labelsOn(ana)).toEqual(['vip'])
  })

  it('what contacts carry already becomes labels when the switch is turned on', async () => {
    const { locationId, one, change, settle } = await world({ settings: pushing.settings })
    await kit.crm.createContact(locationId, { name: 'Ana', phone: ana, tags: ['vip'] })
    await known(one, ana)
    await settle()
    expect(one.labelsOn(ana)).toEqual([])
    await change(one, { pushTags: true })
    await settle()
    expect(one.labelsOn(ana)).toEqual(['vip'])
  })

  it('a phone that has all the labels there can be gets no more, and people are told', async () => {
    const { locationId, one, actor, settle } = await world(pushing)
    await known(one, ana)
    for (let n = 1; n <= 20; n++) one.make(`Label ${n}`)
    await settle()
    const { contactId } = await tags.person(locationId, ana)
    await kit.crm.tagContact(contactId!, { add: ['vip'] })
    await settle()
    expect(one.labelsOn(ana)).toEqual([])
    const notice = async () => (await readLabelSync(kit.ctx, actor, one.owned.id)).notice
    expect(await notice()).toMatchObject({ code: 'too_many', label: 'vip', text: expect.stringContaining('has 20') })
    // Looking at the dialog reads the labels anew, and is no reason to forget it.
    await previewLabelSync(kit.ctx, actor, one.owned.id)
    expect(await notice()).toMatchObject({ code: 'too_many' })
    one.remove('Label 3')
    await settle()
    await kit.crm.tagContact(contactId!, { remove: ['vip'] })
    await settle()
    await kit.crm.tagContact(contactId!, { add: ['vip'] })
    await settle()
    expect(one.labelsOn(ana)).toEqual(['vip'])
    expect(await notice()).toBeNull()
  })

  it('a change that failed, or whose record was lost in a crash, is made again and only once', async () => {
    const { locationId, one, settle } = await world(pushing)
    await known(one, ana)
    await settle()
    const { contactId } = await tags.person(locationId, ana)
    await kit.crm.tagContact(contactId!, { add: ['vip'] })
    await tags.hear()
    const claim = async () => {
      const asked = [{ sessionId: one.owned.id, epoch: one.owned.epoch, limit: 10 }]
      const [claimed] = await claimForSessions(kit.ctx.db, owner, asked)
      return claimed!
    }
    const claimed = await claim()
    one.failNext.push({ error: new Error('died'), applied: true })
    await expect(sendLabels(kit.ctx, owner, one.line, one.owned, claimed)).rejects.toThrow('died')
    await one.tell()
    await sendLabels(kit.ctx, owner, one.line, one.owned, { ...claimed, inDoubt: true })
    await settle()
    expect(one.names()).toEqual(['vip'])
    expect(one.labelsOn(ana)).toEqual(['vip'])

    await kit.crm.tagContact(contactId!, { remove: ['vip'] })
    await tags.hear()
    one.failNext.push({ error: new SendError('offline', { fate: 'unknown' }), applied: false })
    await sendLabels(kit.ctx, owner, one.line, one.owned, await claim())
    expect(one.labelsOn(ana)).toEqual(['vip'])
    await expect.poll(async () => (await settle(), one.labelsOn(ana))).toEqual([])
  })
})

describe('both ways', () => {
  const both = { switches: { pushTags: true, syncLabels: true }, settings: { pushedTags: ['vip'] } }

  it('a tag and its label are one thing: whoever changes one changes the other', async () => {
    const { locationId, one, two, settle } = await world({ ...both, phones: 2 })
    await known(one, ana)
    await known(two, ana)
    await settle()
    const { contactId } = await tags.person(locationId, ana)
    one.make('vip')
    one.put('vip', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['vip'])
    expect(two.labelsOn(ana)).toEqual(['vip'])
    const { clock } = kit.ctx
    const now = clock.now()
    kit.ctx.clock = { ...clock, now: () => now }
    await kit.crm.tagContact(contactId!, { remove: ['vip'] })
    await settle()
    expect([one.labelsOn(ana), two.labelsOn(ana)]).toEqual([[], []])
    two.put('vip', ana)
    await settle()
    kit.ctx.clock = clock
    // Within ten seconds of the CRM's word against it, the CRM's counts.
    expect([one.labelsOn(ana), two.labelsOn(ana), await tags.tagsInCrm(locationId, ana)]).toEqual([[], [], []])
  })

  it('a settled tag is written no more', async () => {
    const { one, settle } = await world(both)
    await known(one, ana)
    one.make('vip')
    one.put('vip', ana)
    await settle()
    const since = await kit.crm.now()
    const asked = one.asked.length
    one.forgetToHaveTold(2)
    await settle()
    expect(await tags.writes(since)).toHaveLength(0)
    expect(one.asked).toHaveLength(asked)
  })
})

describe('another phone', () => {
  const unlinked = (phone: LabelPhone) =>
    kit.ctx.db.update(sessions).set({ isLinked: false, status: 'logged_out' }).where(eq(sessions.id, phone.owned.id))

  it('in place of the first tells of labels of its own, and the tags of the first stay', async () => {
    const { locationId, actor, one, settle } = await world({ switches: { syncLabels: true } })
    await known(one, ana)
    await known(one, bob)
    one.make('Lead')
    one.put('Lead', ana)
    await settle()
    await unlinked(one)
    await replaceNumber(kit.ctx, actor, { sessionId: one.owned.id })
    const emptied = await readLabelSync(kit.ctx, actor, one.owned.id)
    expect(emptied).toMatchObject({ state: 'reading', counts: null, labels: [] })
    const next = labelPhone(kit, one.owned)
    await kit.ctx.db
      .update(sessions)
      .set({ platform: 'business', isLinked: true, status: 'connected' })
      .where(eq(sessions.id, one.owned.id))
    expect(next.make('Paid')).toBe('1')
    next.put('Paid', bob)
    await next.tellBook()
    await tags.hear()
    await tags.work()
    expect(await readLabelSync(kit.ctx, actor, one.owned.id)).toMatchObject({ state: 'done', counts: { contacts: 1 } })
    expect(await tags.tagsInCrm(locationId, ana)).toEqual(['lead'])
    expect(await tags.tagsInCrm(locationId, bob)).toEqual(['paid'])
    // The app had put the first one's tag: where the new phone has that label too, it comes off with it.
    next.make('Lead')
    next.put('Lead', ana)
    next.take('Lead', ana)
    await next.tell()
    await tags.work()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
  })

  it('leaves nothing of the first in what a preview counts, and nothing that was still to be told to it', async () => {
    const { actor, one, settle } = await world({ switches: { pushTags: true }, settings: { pushedTags: ['vip'] } })
    await known(one, ana)
    one.make('Lead')
    one.put('Lead', ana)
    await settle()
    await previewLabelSync(kit.ctx, actor, one.owned.id)
    await one.tellBook()
    expect(await readLabelSync(kit.ctx, actor, one.owned.id)).toMatchObject({ state: 'ready', counts: { labels: 1 } })
    const row = await tags.person(one.owned.locationId, ana)
    await kit.ctx.db.transaction((tx) => wishLabels(kit.ctx, tx, one.owned.id, row, [{ tag: 'vip', wanted: true }]))
    await unlinked(one)
    await replaceNumber(kit.ctx, actor, { sessionId: one.owned.id })
    expect(await readLabelSync(kit.ctx, actor, one.owned.id)).toMatchObject({ state: 'off', labels: [] })
    expect(await kit.ctx.db.select().from(bookRequests).where(ofSession(one.owned))).toEqual([])
    await settle()
    expect(one.asked).toEqual([])
  })

  it('is what the same phone linked again is not', async () => {
    const { locationId, actor, one, settle } = await world({ switches: { syncLabels: true } })
    const sessionId = one.owned.id
    await known(one, ana)
    one.make('Lead')
    one.put('Lead', ana)
    await settle()
    await logoutSession(kit.ctx, actor, { sessionId })
    await unlinked(one)
    await linkSession(kit.ctx, actor, { sessionId })
    const account = { phone: one.owned.phone!, aliases: [], name: null, platform: 'business' as const }
    await hearState(kit.ctx, one.owned, { type: 'state', state: 'connected', account })
    const kept = await readLabelSync(kit.ctx, actor, sessionId)
    expect(kept.labels).toEqual([{ name: 'Lead', tag: 'lead', contacts: 1 }])
    one.take('Lead', ana)
    await settle()
    expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
  })
})

it('a label put under one address of a person is theirs under the other', async () => {
  const { locationId, one, settle } = await world({ switches: { syncLabels: true } })
  await known(one, ana)
  const hidden = { address: '5550001@lid' as Address, aliases: ['5550001@lid' as Address], phone: null, name: 'Ana' }
  const told = (on: boolean) =>
    hearLabels(kit.ctx, one.owned, { type: 'labels', labels: [], marks: [{ labelId: '1', chat: hidden, on }] })
  one.make('Lead')
  await settle()
  await told(true)
  await settle()
  expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
  const visible = personOf(ana)
  await hearAlias(kit.ctx, one.owned, { ...visible, aliases: [...visible.aliases, ...hidden.aliases] })
  await settle()
  expect(await tags.tagsInCrm(locationId, ana)).toEqual(['lead'])
  await told(false)
  await settle()
  expect(await tags.tagsInCrm(locationId, ana)).toEqual([])
})

it('a label wished for under one address of a person is put when they turn out to be somebody known', async () => {
  const { locationId, one, settle } = await world({ switches: { pushTags: true }, settings: { pushedTags: ['vip'] } })
  await known(one, ana)
  await settle()
  const hidden = { address: '5550002@lid' as Address, aliases: ['5550002@lid' as Address], phone: null, name: null }
  const marks = [{ labelId: '77', chat: hidden, on: true }]
  await hearLabels(kit.ctx, one.owned, { type: 'labels', labels: [], marks })
  const [row] = await kit.ctx.db
    .select()
    .from(people)
    .where(and(eq(people.locationId, locationId), isNull(people.phone)))
  await kit.ctx.db.transaction((tx) => wishLabels(kit.ctx, tx, one.owned.id, row!, [{ tag: 'vip', wanted: true }]))
  const visible = personOf(ana)
  await hearAlias(kit.ctx, one.owned, { ...visible, aliases: [...visible.aliases, ...hidden.aliases] })
  await settle()
  expect(one.labelsOn(ana)).toEqual(['vip'])
})

it('of a contact that was deleted and comes back as another nothing is taken off that the app did not put there', async () => {
  const { locationId, one, settle } = await world({ switches: { syncLabels: true } })
  await known(one, ana)
  one.make('Lead')
  one.put('Lead', ana)
  await settle()
  const { contactId } = await tags.person(locationId, ana)
  await kit.crm.deleteContact(contactId!)
  await settle()
  await kit.crm.createContact(locationId, { name: 'Ana', phone: ana, tags: ['lead'] })
  await known(one, ana)
  one.take('Lead', ana)
  await settle()
  expect(await tags.tagsInCrm(locationId, ana)).toEqual(['lead'])
})

it('a label makes no contact of somebody without a number: that is left to their messages', async () => {
  const { locationId, one } = await world({ switches: { syncLabels: true } })
  const hidden = { address: '5550003@lid' as Address, aliases: ['5550003@lid' as Address], phone: null, name: 'Ana' }
  await hearInbound(kit.ctx, one.owned, {
    ...{ type: 'message', id: 'H1' as RemoteId, person: hidden, fromPhone: false, at: new Date() },
    content: { kind: 'text', text: 'hi' },
  })
  one.make('Lead')
  await one.tell()
  await hearLabels(kit.ctx, one.owned, {
    type: 'labels',
    labels: [],
    marks: [{ labelId: '1', chat: hidden, on: true }],
  })
  const claimed = await claimForAnyone(kit.ctx.db, owner, { limit: 16, holdMs: 60_000, except: [] })
  await pushTags(
    kit.ctx,
    owner,
    claimed.find((each) => each.kind === 'tag' && each.locationId === locationId)!,
  )
  expect(await kit.crm.contacts(locationId)).toEqual([])
})
