// Account tags against the emulated CRM: both directions, our own writes, order, what goes wrong on the way.
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTagKit, type TagKit } from '@/e2e/tag-kit'
import { owner, startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { people } from '@/db/schema/people'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { LocationId, UserId } from '@/lib/ids'
import { claimForAnyone } from '@/lib/outbox/claim'
import type { Actor } from '../context'
import { changeSession } from '../session/change'
import { createSession } from '../session/create'
import { giveUpSession } from '../session/give-up-session'
import { hearState } from '../session/hear-state'
import { removeSession } from '../session/remove'
import { pushTags } from './push-tags'
import { putTagDeliveries } from './tag-delivery'

let kit: BridgeKit
let tags: TagKit
beforeAll(async () => {
  kit = await startBridgeKit()
  tags = createTagKit(kit)
})
afterAll(() => kit.close())

const ana = '+15550100001'

async function world(count = 2) {
  const locationId = await kit.subAccount()
  const lines = []
  for (let n = 1; n <= count; n++) lines.push(await tags.session(locationId, n))
  return { locationId, lines, one: lines[0]!, two: lines[1]! }
}

async function admin(locationId: LocationId): Promise<Actor> {
  const [row] = await kit.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, locationId))
  return {
    ...{ kind: 'user', userId: 'u1' as UserId, name: 'Ana', email: 'a@example.com', role: 'location_admin' },
    ...{ companyId: row!.companyId, locationId, locationIds: null },
  }
}

it('a contact carries the tag of the session they wrote to last, and no other', async () => {
  const { locationId, one, two } = await world()
  await tags.write(one, ana)
  await tags.work()
  expect(await tags.tagsInCrm(locationId, ana)).toEqual(expect.arrayContaining(['wa-account-line-1', 'wa-inbound']))
  const since = await kit.crm.now()
  await tags.write(two, ana)
  await tags.work()
  const now = await tags.tagsInCrm(locationId, ana)
  expect(now).toContain('wa-account-line-2')
  expect(now).not.toContain('wa-account-line-1')
  // The new one goes on before the old one goes.
  const [first, second] = (await tags.writes(since)) as unknown as { tags: string[] }[]
  expect(first!.tags).toEqual(expect.arrayContaining(['wa-account-line-1', 'wa-account-line-2']))
  expect(second!.tags).not.toContain('wa-account-line-1')
})

it('ten moves before the CRM is told are one write', async () => {
  const { locationId, one, two } = await world()
  await tags.write(one, ana)
  await tags.work()
  const since = await kit.crm.now()
  for (let n = 1; n <= 9; n++) await tags.write(n % 2 ? two : one, ana, { at: new Date(Date.now() + n) })
  await tags.write(two, ana, { at: new Date(Date.now() + 10) })
  await tags.work()
  expect(await tags.tagsInCrm(locationId, ana)).toContain('wa-account-line-2')
  expect(await tags.writes(since)).toHaveLength(2)
})

it("the CRM's events about our own writes move nothing and are answered by no write", async () => {
  const { locationId, one, two } = await world()
  await tags.write(one, ana)
  await tags.work()
  await tags.write(two, ana)
  await tags.work()
  const since = await kit.crm.now()
  expect(await tags.hear((bodies) => bodies.reverse())).toBeGreaterThan(2)
  await tags.work()
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(two.id)
  expect(await tags.writes(since)).toHaveLength(0)
})

it('a workflow adds the tag of another session: the conversation is there at once, and the old tag goes', async () => {
  const { locationId, one, two } = await world()
  await tags.write(one, ana)
  await tags.work()
  await tags.hear()
  const { contactId } = await tags.person(locationId, ana)
  await kit.crm.tagContact(contactId!, { add: ['WA-Account-Line-2'], as: 'workflow' })
  await tags.hear()
  expect(await tags.person(locationId, ana)).toMatchObject({ affinitySessionId: two.id, affinitySetBy: 'tag' })
  await tags.work()
  const now = await tags.tagsInCrm(locationId, ana)
  expect(now).toContain('wa-account-line-2')
  expect(now).not.toContain('wa-account-line-1')
})

it('removing the tag clears the conversation; it comes back with the next message, not before', async () => {
  const { locationId, one } = await world()
  await tags.write(one, ana)
  await tags.work()
  await tags.hear()
  const { contactId } = await tags.person(locationId, ana)
  await kit.crm.tagContact(contactId!, { remove: ['wa-account-line-1'] })
  await tags.hear()
  await tags.work()
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(null)
  expect(await tags.tagsInCrm(locationId, ana)).not.toContain('wa-account-line-1')
  await tags.write(one, ana, { at: new Date(Date.now() + 1_000) })
  await tags.work()
  expect(await tags.tagsInCrm(locationId, ana)).toContain('wa-account-line-1')
})

it('several tags at once, in no known order: the lowest priority number wins', async () => {
  const { locationId, one, lines } = await world(3)
  await tags.write(one, ana)
  await tags.work()
  await tags.hear()
  const { contactId } = await tags.person(locationId, ana)
  await kit.crm.tagContact(contactId!, { add: ['wa-account-line-3', 'wa-account-line-2'] })
  await tags.hear()
  await tags.work()
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(lines[1]!.id)
  const now = await tags.tagsInCrm(locationId, ana)
  expect(now.filter((tag) => tag.startsWith('wa-account'))).toEqual(['wa-account-line-2'])
})

it('events out of order and twice end where the CRM is', async () => {
  const { locationId, one, two } = await world()
  await tags.write(one, ana)
  await tags.work()
  await tags.hear()
  const { contactId } = await tags.person(locationId, ana)
  await kit.crm.tagContact(contactId!, { add: ['wa-account-line-2'], remove: ['wa-account-line-1'] })
  await kit.crm.tagContact(contactId!, { add: ['wa-account-line-1'], remove: ['wa-account-line-2'] })
  await kit.crm.tagContact(contactId!, { add: ['wa-account-line-2'], remove: ['wa-account-line-1'] })
  await tags.hear((bodies) => [...bodies.toReversed(), ...bodies, bodies[0]!])
  await tags.work()
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(two.id)
  expect((await tags.tagsInCrm(locationId, ana)).filter((tag) => tag.startsWith('wa-account'))).toEqual([
    'wa-account-line-2',
  ])
})

it('an event that says not when it happened is read about, whatever tag it is about', async () => {
  const { locationId, one } = await world()
  await tags.write(one, ana)
  await tags.work()
  await tags.hear()
  const { contactId } = await tags.person(locationId, ana)
  await kit.crm.tagContact(contactId!, { add: ['routes by a rule'] })
  await tags.hear((bodies) =>
    bodies.map((body) => {
      const { timestamp: _, ...rest } = JSON.parse(body.toString()) as Record<string, unknown>
      return Buffer.from(JSON.stringify(rest))
    }),
  )
  await tags.work()
  expect((await tags.person(locationId, ana)).tags).toContain('routes by a rule')
})

it('a worker that dies between the write and its record writes nothing twice and takes nobody for a person', async () => {
  const { locationId, one } = await world()
  await tags.write(one, ana)
  await tags.work()
  await tags.hear()
  const { contactId, id } = await tags.person(locationId, ana)
  // The tag is gone behind our back, then is put again by us; the record of that is lost.
  await kit.ctx.db.update(people).set({ tags: [] }).where(eq(people.id, id))
  const since = await kit.crm.now()
  await kit.ctx.db.transaction(async (tx) => {
    await putTagDeliveries(tx, [{ id, locationId }])
  })
  await kit.crm.tagContact(contactId!, { remove: ['wa-account-line-1'] })
  kit.webhooks.splice(0)
  const [claimed] = await claimForAnyone(kit.ctx.db, owner, { limit: 1, holdMs: 60_000, except: [] })
  const dying = { ...kit.ctx, highlevel: { forSubAccount: (of: LocationId) => withDeath(of) } }
  await expect(pushTags(dying, owner, claimed!)).rejects.toThrow('died')
  await pushTags(kit.ctx, owner, { ...claimed!, inDoubt: true })
  expect(await tags.tagsInCrm(locationId, ana)).toContain('wa-account-line-1')
  expect(await tags.writes(since)).toHaveLength(1)
  expect(await tags.person(locationId, ana)).toMatchObject({ affinitySessionId: one.id, affinitySetBy: 'inbound' })
})

function withDeath(locationId: LocationId) {
  const api = kit.ctx.highlevel.forSubAccount(locationId)
  return {
    ...api,
    addTags: async (...args: Parameters<typeof api.addTags>) => {
      await api.addTags(...args)
      throw new Error('died')
    },
  }
}

it('pin: what is written and heard does not move a conversation, a tag does; off: no tag is written or read', async () => {
  const { locationId, one, two } = await world()
  await tags.set(locationId, { tagMode: 'pin' })
  await tags.write(one, ana)
  await tags.write(two, ana, { at: new Date(Date.now() + 1_000) })
  await tags.work()
  await tags.hear()
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(one.id)
  const { contactId } = await tags.person(locationId, ana)
  await kit.crm.tagContact(contactId!, { add: ['wa-account-line-2'] })
  await tags.hear()
  await tags.work()
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(two.id)
  await tags.set(locationId, { tagMode: 'off' })
  const since = await kit.crm.now()
  await kit.crm.tagContact(contactId!, { add: ['wa-account-line-1'] })
  await tags.hear()
  await tags.write(one, ana, { at: new Date(Date.now() + 2_000) })
  await tags.work()
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(one.id)
  expect(await tags.writes(since)).toHaveLength(0)
})

it('a changed account tag is changed on the contacts that carry it', async () => {
  const { locationId, one, two } = await world()
  await tags.write(one, ana)
  await tags.write(two, '+15550100002')
  await tags.work()
  const actor = await admin(locationId)
  await changeSession(kit.ctx, actor, { sessionId: one.id, change: { accountTag: 'wa-account-sales' } })
  await tags.work()
  expect(await tags.tagsInCrm(locationId, ana)).toContain('wa-account-sales')
  expect(await tags.tagsInCrm(locationId, ana)).not.toContain('wa-account-line-1')
  expect(await tags.tagsInCrm(locationId, '+15550100002')).toContain('wa-account-line-2')
  await expect(
    changeSession(kit.ctx, actor, { sessionId: two.id, change: { accountTag: 'wa-account-sales' } }),
  ).rejects.toMatchObject({ code: 'conflict' })
})

it('a new session has a tag of its own from its name', async () => {
  const { locationId } = await world(1)
  const actor = await admin(locationId)
  const made = await createSession(kit.ctx, actor, { locationId, label: 'Línea 1', channel: 'whatsapp' })
  expect(made.accountTag).toBe('wa-account-linea-1')
  const again = await createSession(kit.ctx, actor, { locationId, label: 'Linea-1', channel: 'whatsapp' })
  expect(again.accountTag).toBe('wa-account-linea-1-2')
})

it.each([
  [true, 'goes from contacts if that was ticked'],
  [false, 'stays on contacts otherwise'],
])('a deleted session: its tag %s %s', async (removeTags) => {
  const { locationId, one } = await world()
  await tags.write(one, ana)
  await tags.work()
  await removeSession(kit.ctx, await admin(locationId), { sessionId: one.id, removeTags })
  await tags.work()
  expect((await tags.tagsInCrm(locationId, ana)).includes('wa-account-line-1')).toBe(!removeTags)
})

it('conversations follow a number that is linked again under a new session', async () => {
  const { locationId, one, two } = await world()
  await tags.write(one, ana)
  await tags.work()
  await removeSession(kit.ctx, await admin(locationId), { sessionId: one.id })
  await giveUpSession(kit.ctx, one, { confirmed: true })
  const anew = await tags.session(locationId, 3, { isLinked: false, phone: null, status: 'linking' })
  await hearState(kit.ctx, anew, {
    ...{ type: 'state', state: 'connected' },
    account: { phone: one.phone!, aliases: [], name: null, platform: 'business' },
  })
  expect((await tags.person(locationId, ana)).affinitySessionId).toBe(anew.id)
  await tags.work()
  const now = (await tags.tagsInCrm(locationId, ana)).filter((tag) => tag.startsWith('wa-account'))
  expect(now).toEqual(['wa-account-line-3'])
  expect(two.id).not.toBe(anew.id)
})

it('tags that tell what happened can be renamed and switched off', async () => {
  const { locationId, one } = await world()
  await tags.set(locationId, { inboundTag: '', phoneReplyTag: 'Answered by hand' })
  await tags.write(one, ana)
  await tags.write(one, ana, { fromPhone: true })
  await tags.work()
  expect((await tags.tagsInCrm(locationId, ana)).toSorted()).toEqual(['answered by hand', 'wa-account-line-1'])
})

it("a contact's owner and tags are kept fresh from events", async () => {
  const { locationId, one } = await world()
  await tags.write(one, ana)
  await tags.work()
  const { contactId } = await tags.person(locationId, ana)
  const user = await kit.crm.createUser({ name: 'Owner', locationIds: [locationId] } as never)
  await kit.crm.changeContact(contactId!, { assignedTo: user.id })
  await kit.crm.tagContact(contactId!, { add: ['VIP'] })
  await tags.hear()
  const person = await tags.person(locationId, ana)
  expect(person.ownerUserId).toBe(user.id)
  expect(person.tags).toContain('vip')
})
