// What the CRM tells about a contact, late and out of order, on a real database.
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { people } from '@/db/schema/people'
import { orderedId, type ContactId, type PersonId, type UserId } from '@/lib/ids'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'
import { acceptContactChange } from './accept-contact-change'

let world: TestWorld
let bakery: SubAccountFixture
let id: PersonId
let readAt: Date

const contactId = 'c1' as ContactId
const [uma, max] = ['uma', 'max'] as UserId[]

beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  bakery = await world.subAccount()
  id = orderedId<PersonId>()
  readAt = world.ctx.clock.now()
  world.ctx.clock.advance(60_000)
  const facts = { dnd: false, ownerUserId: uma!, factsAt: readAt }
  await world.ctx.db.insert(people).values({ id, locationId: bakery.id, contactId, ...facts })
})

const after = (ms: number) => new Date(readAt.getTime() + ms)
const tell = (at: Date | null, facts: { dnd?: boolean; owner?: UserId }) =>
  world.ctx.db.transaction((tx) =>
    acceptContactChange(
      world.ctx,
      tx,
      {
        ...{ type: 'contact-changed', locationId: bakery.id, contactId, phone: null, tags: null },
        ...{ dnd: facts.dnd ?? null, owner: facts.owner ? { userId: facts.owner } : null },
      },
      at,
    ),
  )
const known = async () => {
  const [row] = await world.ctx.db.select().from(people).where(eq(people.id, id))
  return { dnd: row!.dnd, owner: row!.ownerUserId, factsAt: row!.factsAt }
}

test('an event about a moment before what is known changes nothing, and lets the CRM be asked', async () => {
  await tell(after(2_000), { dnd: true })
  expect(await known()).toEqual({ dnd: true, owner: uma, factsAt: after(2_000) })
  await tell(after(1_000), { dnd: false, owner: max! })
  expect(await known()).toEqual({ dnd: true, owner: uma, factsAt: null })
})

test('two changes of the owner in the wrong order: the CRM is asked which was the last', async () => {
  await tell(after(2_000), { owner: max! })
  expect(await known()).toEqual({ dnd: false, owner: max, factsAt: null })
  await tell(after(1_000), { dnd: true, owner: 'ina' as UserId })
  expect((await known()).factsAt).toBeNull()
})

test('an event without a moment is believed until the CRM is asked', async () => {
  await tell(null, { dnd: true })
  expect(await known()).toEqual({ dnd: true, owner: uma, factsAt: null })
})

test('what says nothing new leaves what is known fresh', async () => {
  await tell(after(-5_000), { dnd: false, owner: uma! })
  await tell(null, { owner: uma! })
  expect(await known()).toEqual({ dnd: false, owner: uma, factsAt: readAt })
  await tell(after(86_400_000), { dnd: false })
  const { factsAt } = await known()
  expect(factsAt! > readAt && factsAt! <= world.ctx.clock.now()).toBe(true)
})
