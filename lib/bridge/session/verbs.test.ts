import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pairings, sessions, type SessionStatus } from '@/db/schema/sessions'
import { auditEntries, subAccounts } from '@/db/schema/sub-accounts'
import type { SessionId } from '@/lib/ids'
import type { Actor } from '../context'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'
import { changeSession } from './change'
import { createSession } from './create'
import { linkSession } from './link'
import { listSessions } from './list'
import { logoutSession } from './logout'
import { pairingPlace } from './pairing'
import { readQr } from './read-pairing'
import { readSession } from './read'
import { removeSession } from './remove'
import { replaceNumber } from './replace-number'
import { requestPairingCode } from './request-pairing-code'
import { restartSession } from './restart'
import { startSession } from './start'
import { stopSession } from './stop'

let world: TestWorld
let bakery: SubAccountFixture
let admin: Actor

beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())

const setup = async (options: { maxSessions?: number } = {}) => {
  bakery = await world.subAccount(options)
  admin = bakery.person('location_admin')
}
const add = (label: string, actor = admin) =>
  createSession(world.ctx, actor, { locationId: bakery.id, label, channel: 'whatsapp' })
const rowOf = async (id: string) =>
  (
    await world.ctx.db
      .select()
      .from(sessions)
      .where(eq(sessions.id, id as SessionId))
  )[0]!
const becomes = (id: string, status: SessionStatus, more: Partial<typeof sessions.$inferInsert> = {}) =>
  world.ctx.db
    .update(sessions)
    .set({ status, ...more })
    .where(eq(sessions.id, id as SessionId))
const showPairing = async (id: string, kind: 'qr' | 'code', text: string, forMs = 20_000) => {
  const textSealed = await world.ctx.vault.seal(pairingPlace(bakery.id, id as SessionId), text)
  const expiresAt = new Date(world.ctx.clock.now().getTime() + forMs)
  await world.ctx.db
    .insert(pairings)
    .values({ sessionId: id as SessionId, kind, textSealed, expiresAt })
    .onConflictDoUpdate({ target: pairings.sessionId, set: { kind, textSealed, expiresAt } })
}
const code = (code: string) => expect.objectContaining({ code })

describe('adding', () => {
  it('starts linking at once, on the lowest free priority', async () => {
    await setup()
    const first = await add('Sales')
    expect(first).toMatchObject({ status: 'starting', priority: 1, label: 'Sales', phone: null })
    expect(await rowOf(first.id)).toMatchObject({ wanted: 'connected', wish: 1 })
    const second = await add('Support')
    await removeSession(world.ctx, admin, { sessionId: first.id as SessionId })
    expect(second.priority).toBe(2)
    expect((await add('Sales')).priority).toBe(1)
  })

  it('refuses a name taken in other letters, and allows it in another sub-account', async () => {
    await setup()
    await add('Sales')
    await expect(add('sALES')).rejects.toEqual(code('label_taken'))
    await setup()
    await add('Sales')
  })

  it('keeps the limit when many are added at once', async () => {
    await setup({ maxSessions: 3 })
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((n) => add(`Line ${n}`)))
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.map((outcome) => outcome.reason)).toEqual([
      code('limit_reached'),
      code('limit_reached'),
      code('limit_reached'),
    ])
    const { items } = await listSessions(world.ctx, admin, { locationId: bakery.id, limit: 50 })
    expect(items.map((session) => session.priority)).toEqual([1, 2, 3])
  })

  it('is written down with who did it', async () => {
    await setup()
    const { id } = await add('Sales')
    const entries = await world.ctx.db.select().from(auditEntries).where(eq(auditEntries.subject, id))
    expect(entries).toMatchObject([{ action: 'session.created', userId: admin.kind === 'user' && admin.userId }])
  })
})

describe('who may', () => {
  it('another tenant finds nothing, in the same words as for an id that does not exist', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    const stranger = (await world.subAccount()).person('agency_admin')
    const neighbour = (await world.subAccount({ companyId: bakery.companyId })).person('location_admin')
    const ofAgency = { ...bakery.person('agency_user'), locationIds: [] }
    for (const actor of [stranger, neighbour, ofAgency]) {
      const attempts = [
        () => readSession(world.ctx, actor, sessionId),
        () => readQr(world.ctx, actor, sessionId),
        () => linkSession(world.ctx, actor, { sessionId }),
        () => startSession(world.ctx, actor, { sessionId }),
        () => stopSession(world.ctx, actor, { sessionId }),
        () => logoutSession(world.ctx, actor, { sessionId }),
        () => removeSession(world.ctx, actor, { sessionId }),
        () => changeSession(world.ctx, actor, { sessionId, change: { label: 'Mine' } }),
        () => requestPairingCode(world.ctx, actor, { sessionId, phone: '34600000000' }),
      ]
      const unknown = await readSession(world.ctx, actor, crypto.randomUUID() as SessionId).catch((e: Error) => e)
      for (const attempt of attempts) await expect(attempt()).rejects.toEqual(unknown)
      await expect(listSessions(world.ctx, actor, { locationId: bakery.id, limit: 5 })).rejects.toEqual(
        code('not_found'),
      )
      await expect(add('Theirs', actor)).rejects.toEqual(code('not_found'))
    }
    expect(await rowOf(id)).toMatchObject({ wanted: 'connected', label: 'Sales' })
  })

  it('the agency sees the sub-account; after the uninstall nobody does', async () => {
    await setup()
    const { id } = await add('Sales')
    const agency = bakery.person('agency_admin')
    expect(await readSession(world.ctx, agency, id as SessionId)).toMatchObject({ label: 'Sales' })
    await world.ctx.db.update(subAccounts).set({ status: 'uninstalled' }).where(eq(subAccounts.id, bakery.id))
    await expect(readSession(world.ctx, agency, id as SessionId)).rejects.toEqual(code('not_found'))
    await expect(readSession(world.ctx, admin, id as SessionId)).rejects.toEqual(code('not_found'))
  })

  it("a sub-account's plain user scans, and does not add, stop, rename, log out or delete", async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    const user = bakery.person('location_user')
    await becomes(id, 'created')
    expect(await linkSession(world.ctx, user, { sessionId })).toMatchObject({ status: 'starting' })
    for (const attempt of [
      () => add('Other', user),
      () => stopSession(world.ctx, user, { sessionId }),
      () => startSession(world.ctx, user, { sessionId }),
      () => logoutSession(world.ctx, user, { sessionId }),
      () => removeSession(world.ctx, user, { sessionId }),
      () => changeSession(world.ctx, user, { sessionId, change: { label: 'Other' } }),
    ])
      await expect(attempt()).rejects.toEqual(code('forbidden'))
  })
})

describe('stop and start', () => {
  it('stopped at once, kept, twice the same; started anew', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    await becomes(id, 'connected', { isLinked: true, phone: '+34600000000' })
    const stopped = await stopSession(world.ctx, admin, { sessionId })
    expect(stopped).toMatchObject({ status: 'stopped', reason: 'user_stop', action: 'start' })
    expect(await rowOf(id)).toMatchObject({ wanted: 'closed', isLinked: true })
    expect(await stopSession(world.ctx, admin, { sessionId })).toEqual(stopped)
    const started = await startSession(world.ctx, admin, { sessionId })
    expect(started).toMatchObject({ status: 'starting', reason: null })
    expect(await rowOf(id)).toMatchObject({ wanted: 'connected', wish: 2 })
    expect(await startSession(world.ctx, admin, { sessionId })).toEqual(started)
    expect(await rowOf(id)).toMatchObject({ wish: 2 })
  })

  it('a stop takes the code away that was shown', async () => {
    await setup()
    const { id } = await add('Sales')
    await becomes(id, 'awaiting_link')
    await showPairing(id, 'qr', '2@abc')
    await stopSession(world.ctx, admin, { sessionId: id as SessionId })
    const left = await world.ctx.db
      .select()
      .from(pairings)
      .where(eq(pairings.sessionId, id as SessionId))
    expect(left).toEqual([])
  })

  it('a logged out session cannot be started, and says what to do', async () => {
    await setup()
    const { id } = await add('Sales')
    await becomes(id, 'logged_out', { reason: 'phone_unlinked', phone: '+34600000000' })
    await expect(startSession(world.ctx, admin, { sessionId: id as SessionId })).rejects.toMatchObject({
      code: 'wrong_status',
      message: expect.stringContaining('scanning'),
    })
  })
})

describe('linking', () => {
  it('shows the QR while it is good, and the status otherwise', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    await expect(readQr(world.ctx, admin, sessionId)).rejects.toMatchObject({ fields: { status: 'starting' } })
    await becomes(id, 'awaiting_link')
    await showPairing(id, 'qr', '2@abc,def')
    expect(await readQr(world.ctx, admin, sessionId)).toMatchObject({ qr: '2@abc,def' })
    await showPairing(id, 'qr', '2@abc,def', -1)
    await expect(readQr(world.ctx, admin, sessionId)).rejects.toEqual(code('wrong_status'))
  })

  it('asked again leaves a good code alone, and renews a code that is over', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    await becomes(id, 'awaiting_link')
    await showPairing(id, 'qr', '2@abc')
    expect(await linkSession(world.ctx, admin, { sessionId })).toMatchObject({ status: 'awaiting_link' })
    expect(await rowOf(id)).toMatchObject({ wish: 1 })
    await showPairing(id, 'qr', '2@abc', -1)
    expect(await linkSession(world.ctx, admin, { sessionId })).toMatchObject({ status: 'starting' })
    expect(await rowOf(id)).toMatchObject({ wish: 2 })
  })

  it('a log-out unlinks and keeps the place; linking waits until the old link is gone', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    await becomes(id, 'connected', { isLinked: true, phone: '+34600000000' })
    const out = await logoutSession(world.ctx, admin, { sessionId })
    expect(out).toMatchObject({ status: 'logged_out', reason: 'user_logout', priority: 1, label: 'Sales' })
    expect(await rowOf(id)).toMatchObject({ wanted: 'unlinked' })
    expect(await logoutSession(world.ctx, admin, { sessionId })).toEqual(out)
    const linking = linkSession(world.ctx, admin, { sessionId })
    let isDone = false
    void linking.then(() => (isDone = true))
    await readSession(world.ctx, admin, sessionId)
    expect(isDone).toBe(false)
    expect(await rowOf(id)).toMatchObject({ wanted: 'unlinked' })
    await becomes(id, 'logged_out', { isLinked: false })
    expect(await linking).toMatchObject({ status: 'starting' })
  })

  it('a log-out does not shorten a ban', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    const nextRetryAt = new Date(world.ctx.clock.now().getTime() + 3_600_000)
    await becomes(id, 'banned', { isLinked: true, phone: '+34600000000', wanted: 'closed', nextRetryAt })
    await logoutSession(world.ctx, admin, { sessionId })
    await becomes(id, 'logged_out', { isLinked: false })
    const isBlocked = expect.objectContaining({ message: expect.stringMatching(/^WhatsApp blocked this number until/) })
    await expect(linkSession(world.ctx, admin, { sessionId })).rejects.toEqual(isBlocked)
    await expect(requestPairingCode(world.ctx, admin, { sessionId, phone: '34600000000' })).rejects.toEqual(isBlocked)
  })

  it('a restart connects anew with the link it has, and needs one', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    await becomes(id, 'created')
    await expect(restartSession(world.ctx, admin, { sessionId })).rejects.toEqual(code('wrong_status'))
    for (const status of ['connected', 'reconnecting', 'stopped', 'failed'] as const) {
      await becomes(id, status, { isLinked: true, phone: '+34600000000' })
      const { wish } = (await rowOf(id))!
      expect(await restartSession(world.ctx, admin, { sessionId })).toMatchObject({ status: 'starting' })
      expect(await rowOf(id)).toMatchObject({ wanted: 'connected', wish: wish + 1, phone: '+34600000000' })
    }
  })

  it('another number takes the place of the old one only once that is unlinked, and starts its warm-up', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    const old = { phone: '+34600000000', firstLinkedAt: new Date(0) }
    await becomes(id, 'connected', { isLinked: true, ...old })
    await expect(replaceNumber(world.ctx, admin, { sessionId })).rejects.toEqual(code('wrong_status'))
    await becomes(id, 'logged_out', { isLinked: false, reason: 'paired_number_mismatch', ...old })
    const replaced = await replaceNumber(world.ctx, admin, { sessionId })
    expect(replaced).toMatchObject({
      status: 'starting',
      phone: null,
      firstLinkedAt: null,
      label: 'Sales',
      priority: 1,
    })
    await becomes(id, 'created', { isLinked: false })
    await expect(replaceNumber(world.ctx, admin, { sessionId })).rejects.toEqual(code('wrong_status'))
  })

  it('deleted is gone for everyone at once, and its row waits for the worker', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    await removeSession(world.ctx, admin, { sessionId })
    await expect(readSession(world.ctx, admin, sessionId)).rejects.toEqual(code('not_found'))
    await expect(removeSession(world.ctx, admin, { sessionId })).rejects.toEqual(code('not_found'))
    expect((await listSessions(world.ctx, admin, { locationId: bakery.id, limit: 5 })).items).toEqual([])
    expect(await rowOf(id)).toMatchObject({ wanted: 'removed' })
    await removeSession(world.ctx, admin, { sessionId: (await add('Sales')).id as SessionId })
    expect(await add('Sales')).toMatchObject({ priority: 1 })
  })
})

describe('renaming', () => {
  it('changes the name, may change its letters, refuses another session’s', async () => {
    await setup()
    const sales = await add('Sales')
    await add('Support')
    const sessionId = sales.id as SessionId
    expect(await changeSession(world.ctx, admin, { sessionId, change: { label: 'SALES' } })).toMatchObject({
      label: 'SALES',
    })
    await expect(changeSession(world.ctx, admin, { sessionId, change: { label: 'support' } })).rejects.toEqual(
      code('label_taken'),
    )
  })
})

describe('pairing code', () => {
  /** Answers like a worker: sees the request, shows the code. */
  const answerWhenAsked = async (id: string, text: string) => {
    await expect.poll(async () => (await rowOf(id)).codePhone).not.toBeNull()
    const asked = (await rowOf(id)).codePhone
    await becomes(id, 'awaiting_link', { codePhone: null })
    await showPairing(id, 'code', text, 160_000)
    return asked
  }

  it('gives what the worker was told, for the digits of the number', async () => {
    await setup()
    const { id } = await add('Sales')
    await becomes(id, 'awaiting_link')
    const asking = requestPairingCode(world.ctx, admin, { sessionId: id as SessionId, phone: '+34 600-00 00 00' })
    expect(await answerWhenAsked(id, 'ABCD1234')).toBe('34600000000')
    expect(await asking).toMatchObject({ code: 'ABCD1234' })
  })

  it('refuses what is no number, and while a number is linked', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    for (const phone of ['12345', '0600123456', 'call me', '1234567890123456'])
      await expect(requestPairingCode(world.ctx, admin, { sessionId, phone })).rejects.toMatchObject({
        code: 'bad_request',
        fields: { phone: expect.any(String) },
      })
    await becomes(id, 'connected', { isLinked: true })
    await expect(requestPairingCode(world.ctx, admin, { sessionId, phone: '34600000000' })).rejects.toEqual(
      code('wrong_status'),
    )
  })

  it('is given once in 30 seconds and five times an hour', async () => {
    await setup()
    const { id } = await add('Sales')
    const sessionId = id as SessionId
    await becomes(id, 'awaiting_link')
    const ask = () => requestPairingCode(world.ctx, admin, { sessionId, phone: '34600000000' })
    for (let n = 1; n <= 5; n++) {
      const asking = ask()
      await answerWhenAsked(id, `CODE000${n}`)
      expect(await asking).toMatchObject({ code: `CODE000${n}` })
      if (n === 1)
        await expect(ask()).rejects.toMatchObject({
          code: 'too_many_requests',
          retryAfterSeconds: expect.closeTo(27, -1),
        })
      world.ctx.clock.advance(31_000)
    }
    const refusal = await ask().catch((error: { retryAfterSeconds: number }) => error)
    expect(refusal).toMatchObject({ code: 'too_many_requests' })
    expect(refusal).toHaveProperty('retryAfterSeconds', expect.closeTo(3600 - 5 * 31, -2))
    world.ctx.clock.advance(3_600_000)
    const asking = ask()
    await answerWhenAsked(id, 'CODE0006')
    expect(await asking).toMatchObject({ code: 'CODE0006' })
  })

  it('says so when no worker answers, and withdraws the request', async () => {
    await setup()
    const { id } = await add('Sales')
    const asking = requestPairingCode(world.ctx, admin, { sessionId: id as SessionId, phone: '34600000000' })
    const outcome = expect(asking).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 20 })
    await expect.poll(async () => (await rowOf(id)).codePhone).not.toBeNull()
    world.ctx.clock.advance(10_000)
    await outcome
    expect((await rowOf(id)).codePhone).toBeNull()
  })
})

it('listing pages by priority, each session once', async () => {
  await setup()
  for (const label of ['A', 'B', 'C']) await add(label)
  const first = await listSessions(world.ctx, admin, { locationId: bakery.id, limit: 2 })
  expect(first.items.map((session) => session.label)).toEqual(['A', 'B'])
  const second = await listSessions(world.ctx, admin, { locationId: bakery.id, limit: 2, cursor: first.nextCursor! })
  expect(second).toMatchObject({ items: [{ label: 'C' }], nextCursor: null })
  await expect(listSessions(world.ctx, admin, { locationId: bakery.id, limit: 2, cursor: 'x' })).rejects.toEqual(
    code('bad_request'),
  )
  const asked = and(eq(auditEntries.locationId, bakery.id), eq(auditEntries.action, 'session.created'))
  expect(await world.ctx.db.select().from(auditEntries).where(asked)).toHaveLength(3)
})
