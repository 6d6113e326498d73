import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sessions } from '@/db/schema/sessions'
import type { SessionId } from '@/lib/ids'
import { createTestWorld, type TestWorld } from '../test-world'
import { createSession } from './create'
import { linkSession } from './link'
import { removeSession } from './remove'
import { startSession } from './start'
import { stopSession } from './stop'

let world: TestWorld
beforeAll(async () => void (world = await createTestWorld()))
afterAll(() => world.close())

async function withSession(maxSessions = 5) {
  const place = await world.subAccount({ maxSessions })
  const admin = place.person('location_admin')
  const add = (label: string) => createSession(world.ctx, admin, { locationId: place.id, label, channel: 'whatsapp' })
  const sessionId = (await add('Sales')).id as SessionId
  const becomes = (change: Partial<typeof sessions.$inferInsert>) =>
    world.ctx.db.update(sessions).set(change).where(eq(sessions.id, sessionId))
  return { admin, add, sessionId, becomes }
}
const tooOften = expect.objectContaining({ code: 'too_many_requests', retryAfterSeconds: expect.any(Number) })

it('a session shows five new codes in ten minutes, its first among them, and its neighbour is not held back', async () => {
  const { admin, add, sessionId, becomes } = await withSession()
  const again = async () => {
    await becomes({ status: 'created' })
    return await linkSession(world.ctx, admin, { sessionId })
  }
  for (let n = 2; n <= 5; n++) {
    world.ctx.clock.advance(60_000)
    expect(await again()).toMatchObject({ status: 'starting' })
  }
  await expect(again()).rejects.toEqual(tooOften)
  expect(await add('Support')).toMatchObject({ status: 'starting' })
  // The first was four minutes ago.
  world.ctx.clock.advance(6 * 60_000 - 30_000)
  await expect(again()).rejects.toEqual(tooOften)
  world.ctx.clock.advance(31_000)
  expect(await again()).toMatchObject({ status: 'starting' })
})

it('calling a link off and asking again is no way round it; with a link it may be started at will', async () => {
  const { admin, sessionId, becomes } = await withSession()
  const again = async () => {
    await stopSession(world.ctx, admin, { sessionId })
    return await linkSession(world.ctx, admin, { sessionId })
  }
  for (let n = 2; n <= 5; n++) expect(await again()).toMatchObject({ status: 'starting' })
  await expect(again()).rejects.toEqual(tooOften)
  await becomes({ isLinked: true, phone: '+34600000000', status: 'stopped' })
  for (let n = 1; n <= 6; n++) {
    expect(await startSession(world.ctx, admin, { sessionId })).toMatchObject({ status: 'starting' })
    await stopSession(world.ctx, admin, { sessionId })
  }
})

it('nor is deleting and adding: a sub-account adds five in ten minutes for each session it may have', async () => {
  const { admin, add, sessionId } = await withSession(2)
  let last = sessionId
  for (let n = 2; n <= 10; n++) {
    await removeSession(world.ctx, admin, { sessionId: last })
    last = (await add('Sales')).id as SessionId
  }
  await removeSession(world.ctx, admin, { sessionId: last })
  await expect(add('Sales')).rejects.toEqual(tooOften)
})
