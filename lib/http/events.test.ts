import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { notifyChange } from '@/db/notify'
import { pairings, sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { readEventStream } from '@/components/event-stream'
import { createSession } from '@/lib/bridge/session/create'
import { pairingPlace } from '@/lib/bridge/session/pairing'
import { removeSession } from '@/lib/bridge/session/remove'
import { stopSession } from '@/lib/bridge/session/stop'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '@/lib/bridge/test-world'
import type { LocationId, SessionId } from '@/lib/ids'
import { listenForChanges, type Changes } from './changes'
import { streamEvents } from './events'

let world: TestWorld
let changes: Changes

beforeAll(async () => {
  world = await createTestWorld()
  changes = await listenForChanges(world.url)
})
afterAll(() => world.close())

function watch(at: SubAccountFixture, lifeMs = 60_000) {
  const abort = new AbortController()
  const held = { count: 0, watching: 0 }
  const counted: Changes = {
    watch(locationId, heard) {
      held.watching += 1
      const stop = changes.watch(locationId, heard)
      return () => {
        held.watching -= 1
        stop()
      }
    },
  }
  const response = streamEvents({
    ctx: world.ctx,
    actor: at.person('location_admin'),
    locationId: at.id,
    changes: counted,
    endsAt: new Date(world.ctx.clock.now().getTime() + lifeMs),
    signal: abort.signal,
    register(_close) {
      held.count += 1
      return () => void (held.count -= 1)
    },
  })
  const heard: [string, Record<string, unknown>][] = []
  const ended = readEventStream(response, (event, data) => {
    if (event !== null) heard.push([event, data as Record<string, unknown>])
  })
  return { heard, held, ended, stop: () => abort.abort() }
}

const add = (at: SubAccountFixture, label: string) =>
  createSession(world.ctx, at.person('location_admin'), { locationId: at.id, label, channel: 'whatsapp' })

it('begins with the state, then tells each change as its GET would answer', async () => {
  const bakery = await world.subAccount()
  const admin = bakery.person('location_admin')
  const first = await add(bakery, 'Sales')
  const sessionId = first.id as SessionId
  const { heard, stop, ended } = watch(bakery)
  await expect
    .poll(() => heard.slice(0, 2))
    .toEqual([
      ['session', first],
      ['sync', { locationId: bakery.id }],
    ])
  const second = await add(bakery, 'Support')
  await expect.poll(() => heard.at(-1)).toEqual(['session', second])
  const stopped = await stopSession(world.ctx, admin, { sessionId })
  await expect.poll(() => heard.at(-1)).toEqual(['session', stopped])

  const textSealed = await world.ctx.vault.seal(pairingPlace(bakery.id, second.id as SessionId), '2@abc')
  const expiresAt = new Date(world.ctx.clock.now().getTime() + 20_000)
  await world.ctx.db
    .update(sessions)
    .set({ status: 'awaiting_link' })
    .where(eq(sessions.id, second.id as SessionId))
  await world.ctx.db.insert(pairings).values({ sessionId: second.id as SessionId, kind: 'qr', textSealed, expiresAt })
  await notifyChange(world.ctx.db, { locationId: bakery.id, type: 'qr', id: second.id })
  const qr = { sessionId: second.id, qr: '2@abc', expiresAt: expiresAt.toISOString() }
  await expect.poll(() => heard.at(-1)).toEqual(['qr', qr])

  await removeSession(world.ctx, admin, { sessionId })
  await expect.poll(() => heard.at(-1)).toMatchObject(['session', { id: first.id, error: { code: 'not_found' } }])

  const late = watch(bakery)
  await expect.poll(() => late.heard.slice(0, 3).map(([event]) => event)).toEqual(['session', 'qr', 'sync'])
  expect(late.heard[1]![1]).toEqual(qr)
  stop()
  late.stop()
  await Promise.all([ended, late.ended])
})

it('tells nothing of other sub-accounts', async () => {
  const [bakery, dentist] = [await world.subAccount(), await world.subAccount()]
  const secret = await add(dentist, 'Private')
  const { heard, stop, ended } = watch(bakery)
  await expect.poll(() => heard.length).toBe(1)
  await add(dentist, 'More')
  // A hint that names a session of another tenant, as if somebody could forge one.
  await notifyChange(world.ctx.db, { locationId: bakery.id, type: 'session', id: secret.id })
  const mine = await add(bakery, 'Sales')
  await expect.poll(() => heard.at(-1)).toEqual(['session', mine])
  expect(JSON.stringify(heard)).not.toContain('Private')
  stop()
  await ended
})

it('lets go of everything when the reader leaves, when the token ends, and when the app is removed', async () => {
  const bakery = await world.subAccount()
  const left = watch(bakery)
  await expect.poll(() => left.heard.length).toBe(1)
  expect(left.held).toEqual({ count: 1, watching: 1 })
  left.stop()
  await left.ended
  expect(left.held).toEqual({ count: 0, watching: 0 })

  const over = watch(bakery, 50)
  await over.ended
  expect(over.held).toEqual({ count: 0, watching: 0 })

  const removed = watch(bakery)
  await expect.poll(() => removed.heard.length).toBe(1)
  await world.ctx.db.update(subAccounts).set({ status: 'uninstalled' }).where(eq(subAccounts.id, bakery.id))
  await notifyChange(world.ctx.db, { locationId: bakery.id as LocationId, type: 'sync', id: bakery.id })
  await removed.ended
  expect(removed.held).toEqual({ count: 0, watching: 0 })
})

it('keeps no more than so much for a reader that takes nothing', async () => {
  const { id: locationId, person } = await world.subAccount()
  let isHeld = true
  streamEvents({
    ctx: world.ctx,
    actor: person('location_admin'),
    locationId,
    changes: {
      watch(_, heard) {
        for (let n = 0; n < 1_500; n++) heard({ locationId, type: 'sync', id: `${n}` })
        return () => {}
      },
    },
    endsAt: new Date(world.ctx.clock.now().getTime() + 60_000),
    signal: new AbortController().signal,
    register: () => () => void (isHeld = false),
  })
  await expect.poll(() => isHeld).toBe(false)
})
