import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { chats, people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import type { Address, ChatId, PersonId, SessionId } from '@/lib/ids'
import { opaqueId, orderedId } from '@/lib/ids'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'
import { openConversation, warmUpWaitMs } from './allowance'
import { readSession } from './read'
import { warmUpDay } from './warm-up'

const day = 86_400_000
let world: TestWorld
let bakery: SubAccountFixture
let sessionId: SessionId

beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  bakery = await world.subAccount()
  sessionId = opaqueId<SessionId>()
  await world.ctx.db.insert(sessions).values({
    ...{ id: sessionId, locationId: bakery.id, channel: 'whatsapp', label: 'Sales', priority: 1 },
    ...{ wanted: 'connected', status: 'connected', isLinked: true, firstLinkedAt: world.ctx.clock.now() },
  })
})

async function newChat(): Promise<ChatId> {
  const [person, chat] = [orderedId<PersonId>(), orderedId<ChatId>()]
  await world.ctx.db.insert(people).values({ id: person, locationId: bakery.id })
  const address = `${chat}@s.whatsapp.net` as Address
  await world.ctx.db.insert(chats).values({ id: chat, locationId: bakery.id, sessionId, personId: person, address })
  return chat
}
const row = async () => (await world.ctx.db.select().from(sessions).where(eq(sessions.id, sessionId)))[0]!
const waitMs = async () => await warmUpWaitMs(world.ctx, await row(), world.ctx.clock.now())
const open = async () => await openConversation(world.ctx, await row(), await newChat(), world.ctx.clock.now())
const health = async () => (await readSession(world.ctx, bakery.person('location_admin'), sessionId)).health

test('the first five days allow more new contacts each, and then any number', () => {
  const linked = new Date('2026-03-01T10:00:00Z')
  const limitAfter = (ms: number) => warmUpDay(linked, new Date(linked.getTime() + ms))?.limit ?? null
  expect([0, 1, 2, 3, 4, 5].map((days) => limitAfter(days * day))).toEqual([20, 50, 100, 200, 400, null])
  expect(limitAfter(day - 1)).toBe(20)
  expect(warmUpDay(null, linked)).toBeNull()
})

test('the twenty-first new contact of the first day waits for the second, which the card can tell', async () => {
  for (let n = 0; n < 20; n++) {
    expect(await waitMs()).toBe(0)
    await open()
  }
  expect((await health()).warmUp).toEqual({ day: 1, limit: 20, usedToday: 20 })
  const left = await waitMs()
  expect(left).toBeGreaterThan(day - 60_000)
  expect(left).toBeLessThanOrEqual(day)
  world.ctx.clock.advance(day)
  expect((await health()).warmUp).toMatchObject({ day: 2, limit: 50, usedToday: 0 })
  expect(await waitMs()).toBe(0)
  world.ctx.clock.advance(4 * day)
  expect((await health()).warmUp).toBeNull()
})
