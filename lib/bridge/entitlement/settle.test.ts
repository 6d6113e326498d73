import { and, eq, inArray, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mails, trialMarks } from '@/db/schema/entitlements'
import { messages } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { auditEntries } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { channelKinds } from '@/lib/channel/kinds'
import type { ContactId, MessageId, SessionId } from '@/lib/ids'
import { lockPerson } from '../contact/lock-person'
import { readMessage } from '../message/read'
import { sendFromApi } from '../message/send-from-api'
import { logoutSession } from '../session/logout'
import { needsOwner } from '../session/hold-lease'
import { linkSession } from '../session/link'
import { readSession } from '../session/read'
import { removeSession } from '../session/remove'
import { startSession } from '../session/start'
import { stopSession } from '../session/stop'
import { uninstall } from '../sub-account/uninstall'
import { recordInstall } from '../sub-account/record-install'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'
import { beginTrial } from './begin-trial'
import { grantSessions, revokeGrant } from './grant'
import { readEntitlement } from './read'
import { settleEntitlements } from './settle'
import { addLine, freshNumber, type TestLine } from './test-line'

const hour = 3_600_000
const day = 24 * hour

let world: TestWorld
let bakery: SubAccountFixture
let admin: ReturnType<SubAccountFixture['person']>
beforeAll(async () => void (world = await createTestWorld()))
afterAll(() => world.close())
beforeEach(async () => {
  bakery = await world.subAccount()
  admin = bakery.person('location_admin')
})

const settle = () => settleEntitlements(world.ctx)
const pass = async (ms: number) => {
  world.ctx.clock.advance(ms)
  await settle()
}
const entitlement = (place = bakery) => readEntitlement(world.ctx, place.person('location_admin'), place.id)
const session = (id: SessionId) => readSession(world.ctx, admin, id)
const rowOf = async (id: SessionId) => (await world.ctx.db.select().from(sessions).where(eq(sessions.id, id)))[0]!
const isOwned = async (id: SessionId) =>
  (await world.ctx.db.execute(sql`select 1 from sessions s where s.id = ${id} and ${needsOwner}`)).length === 1
const mailKinds = async (place = bakery) =>
  (await world.ctx.db.select().from(mails).where(eq(mails.locationId, place.id)).orderBy(mails.createdAt)).map(
    (mail) => mail.kind,
  )
/** To a contact the CRM was asked about just now. */
const write = async (sessionId: SessionId) => {
  const to = freshNumber()
  await inTransaction(world.ctx.db, async (tx) => {
    const clues = { locationId: bakery.id, channel: 'whatsapp' as const, contactId: `c${to}` as ContactId, name: null }
    const addresses = [channelKinds.whatsapp.addressOfPhone(to)!]
    const person = await lockPerson(tx, { ...clues, addresses, phone: to })
    const facts = { dnd: false, factsAt: world.ctx.clock.now() }
    await tx.update(people).set(facts).where(eq(people.id, person.id))
  })
  const { id } = await sendFromApi(world.ctx, admin, { sessionId, to, text: 'hello' })
  return id as MessageId
}
const failureOf = async (id: MessageId) => {
  const [message] = await world.ctx.db.select().from(messages).where(eq(messages.id, id))
  return message!.failureCode
}
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('a trial', () => {
  it('begins with the first connection, not before, and only once', async () => {
    const line = await addLine(world, bakery, 'Sales')
    expect(await entitlement()).toMatchObject({ state: 'unstarted', used: 1, maxSessions: 5, banner: null })
    await line.says('awaiting_link')
    await line.says('linking')
    expect((await entitlement()).state).toBe('unstarted')
    await line.says('connected')
    const begun = await entitlement()
    expect(begun).toMatchObject({ state: 'trial', banner: null })
    expect(Date.parse(begun.trialEndsAt!) - Date.parse(begun.trialStartedAt!)).toBe(5 * day)
    await pass(2 * day + hour)
    await line.says('reconnecting', 'network')
    await line.says('connected')
    expect(await entitlement()).toMatchObject({
      trialEndsAt: begun.trialEndsAt,
      banner: expect.stringContaining('trial'),
    })
  })

  it('ends with the reason on the card and on each message; what people write is heard for 72 hours', async () => {
    const line = await addLine(world, bakery, 'Sales')
    await line.says('connected')
    await pass(5 * day - hour)
    const waiting = await write(line.id)
    expect(await failureOf(waiting)).toBeNull()
    await pass(2 * hour)
    expect(await entitlement()).toMatchObject({ state: 'ended', banner: expect.stringContaining('Payment is needed') })
    expect(await session(line.id)).toMatchObject({ status: 'suspended', reason: 'entitlement', action: null })
    expect(await failureOf(waiting)).toBe('session_unpaid')
    const refused = await readMessage(world.ctx, admin, await write(line.id))
    expect(refused.failure).toMatchObject({
      code: 'session_unpaid',
      message: expect.stringContaining(`Sales (${line.phone})`),
    })

    expect(await isOwned(line.id)).toBe(true)
    await line.says('reconnecting', 'network')
    await line.says('connected')
    expect((await session(line.id)).status).toBe('suspended')
    await pass(70 * hour)
    expect(await isOwned(line.id)).toBe(true)
    await pass(2 * hour)
    expect(await isOwned(line.id)).toBe(false)
    expect(await rowOf(line.id)).toMatchObject({ wanted: 'connected', isLinked: true, underStatus: 'connected' })
    expect(await mailKinds()).toEqual(['ends', 'ended'])
  })

  it('is one for each number, wherever it is linked next, and says so', async () => {
    const phone = freshNumber()
    const line = await addLine(world, bakery, 'Sales', phone)
    await line.says('connected')
    await pass(6 * day)
    await removeSession(world.ctx, admin, { sessionId: line.id })

    const florist = await world.subAccount()
    const again = await addLine(world, florist, 'Sales', phone)
    await again.says('connected')
    await settle()
    const there = await entitlement(florist)
    expect(there).toMatchObject({ state: 'ended', because: 'number', trialEndsAt: expect.any(String) })
    expect(there.detail).toContain('each number has one trial')
    expect(there.detail + there.banner).not.toContain(bakery.id)
    // A day after the trial would have ended: what follows counts from here.
    const since = (await rowOf(again.id)).suspendedAt!.getTime()
    expect(since).toBeGreaterThan(Date.parse(there.endsAt!) + hour)
    expect(there.hearsUntil).toBe(new Date(since + 72 * hour).toISOString())
    expect(there.keptUntil).toBe(new Date(since + 30 * day).toISOString())
    expect(await isOwned(again.id)).toBe(true)
    expect((await rowOf(again.id)).status).toBe('suspended')
    expect(await mailKinds(florist)).toEqual(['ended'])
    await pass(71 * hour)
    expect(await isOwned(again.id)).toBe(true)
    await pass(2 * hour)
    expect(await isOwned(again.id)).toBe(false)
  })

  it('goes on from its day with a number that brought it along, and marks every number that had it', async () => {
    const [first, second] = [freshNumber(), freshNumber()]
    await (await addLine(world, bakery, 'Sales', first)).says('connected')
    const { trialEndsAt } = await entitlement()
    await pass(2 * day)
    const other = await addLine(world, bakery, 'Support', second)
    await other.says('connected')
    await removeSession(world.ctx, admin, { sessionId: other.id })
    const florist = await world.subAccount()
    await (await addLine(world, florist, 'Support', second)).says('connected')
    expect(await entitlement(florist)).toMatchObject({ state: 'trial', trialEndsAt })
  })

  it('that two numbers begin at once is marked for both', async () => {
    const [first, second] = [freshNumber(), freshNumber()]
    let other: Promise<void> | undefined
    const blocked = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await world.ctx.db.transaction(async (tx) => {
      await beginTrial(tx, world.ctx, bakery.id, [first])
      other = world.ctx.db.transaction((theirs) => beginTrial(theirs, world.ctx, bakery.id, [second]))
      await expect.poll(async () => (await world.ctx.db.execute(blocked)).length).toBeGreaterThan(0)
    })
    await other
    const marks = [first, second].map((phone) => world.ctx.mark(`number ${phone}`))
    expect(await world.ctx.db.select().from(trialMarks).where(inArray(trialMarks.mark, marks))).toHaveLength(2)
  })

  it('is one for each sub-account, also when the app is removed and its rows erased in between', async () => {
    await (await addLine(world, bakery, 'Sales')).says('connected')
    await pass(6 * day)
    await world.ctx.db.transaction((tx) =>
      uninstall(
        world.ctx,
        tx,
        { kind: 'webhook' },
        { locationId: bakery.id, companyId: null, at: new Date(Date.now() + 99 * day) },
      ),
    )
    await world.ctx.db.execute(sql`delete from sub_accounts where id = ${bakery.id}`)
    await world.ctx.db.transaction((tx) =>
      recordInstall(tx, {
        locationId: bakery.id,
        companyId: bakery.companyId,
        at: new Date(Date.now() + 100 * day),
        isAuthorised: true,
      }),
    )
    expect((await entitlement()).state).toBe('unstarted')
    await (await addLine(world, bakery, 'Sales')).says('connected')
    await settle()
    expect(await entitlement()).toMatchObject({ state: 'ended', detail: expect.stringContaining('installed again') })
  })

  it('is remembered without the number or the sub-account being readable', async () => {
    const line = await addLine(world, bakery, 'Sales')
    await line.says('connected')
    const marks = await world.ctx.db.select().from(trialMarks)
    const text = JSON.stringify(marks.map(({ mark }) => mark.toString('utf8') + mark.toString('hex')))
    expect(marks.length).toBeGreaterThanOrEqual(2)
    expect(text).not.toContain(line.phone.slice(1))
    expect(text).not.toContain(bakery.id)
  })
})

describe('without payment', () => {
  const unpaid = async () => {
    const line = await addLine(world, bakery, 'Sales')
    await line.says('connected')
    await pass(5 * day)
    return line
  }

  it('nothing is added, linked or started, with the reason', async () => {
    const { id } = await unpaid()
    await expect(addLine(world, bakery, 'Support')).rejects.toEqual(code('unpaid'))
    await expect(linkSession(world.ctx, admin, { sessionId: id })).rejects.toEqual(code('wrong_status'))
    await expect(startSession(world.ctx, admin, { sessionId: id })).rejects.toEqual(code('wrong_status'))
  })

  it.each([
    ['within the 72 hours', hour],
    ['after hanging up', 80 * hour],
  ])('a grant brings it back without a scan, %s', async (_, later) => {
    const { id } = await unpaid()
    await pass(later)
    const { wish } = await rowOf(id)
    expect(await grantSessions(world.ctx, { locationId: bakery.id, until: null })).toMatchObject({
      ...{ state: 'granted', endsAt: null, banner: null },
    })
    const back = await rowOf(id)
    expect(back).toMatchObject({ wanted: 'connected', isLinked: true, suspendedAt: null, hungUpAt: null, wish })
    expect(back.status).toBe(later > 72 * hour ? 'starting' : 'connected')
    expect(await isOwned(id)).toBe(true)
  })

  it('what a person stops stays stopped when it is paid for again', async () => {
    const { id } = await unpaid()
    expect(await stopSession(world.ctx, admin, { sessionId: id })).toMatchObject({ status: 'suspended' })
    expect(await isOwned(id)).toBe(false)
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    expect(await session(id)).toMatchObject({ status: 'stopped', reason: 'user_stop' })
    expect(await isOwned(id)).toBe(false)
  })

  it('what a person logs out or deletes is gone', async () => {
    const { id } = await unpaid()
    await logoutSession(world.ctx, admin, { sessionId: id })
    expect(await rowOf(id)).toMatchObject({ status: 'suspended', wanted: 'unlinked' })
    expect(await isOwned(id)).toBe(true)
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    expect(await session(id)).toMatchObject({ status: 'logged_out', reason: 'user_logout' })
    await revokeGrant(world.ctx, { locationId: bakery.id })
    await removeSession(world.ctx, admin, { sessionId: id })
    await settle()
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    expect(await rowOf(id)).toMatchObject({ wanted: 'removed' })
  })

  it('what is unlinked on the phone meanwhile needs a scan afterwards', async () => {
    const line = await unpaid()
    await line.says('logged_out', 'phone_unlinked')
    expect((await session(line.id)).status).toBe('suspended')
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    expect(await session(line.id)).toMatchObject({ status: 'logged_out', reason: 'phone_unlinked', action: 'link' })
  })

  it('a link that was only being made is called off: nobody is shown a code they did not ask for', async () => {
    await unpaid()
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    const fresh = await addLine(world, bakery, 'Support')
    await fresh.says('awaiting_link')
    await revokeGrant(world.ctx, { locationId: bakery.id })
    expect((await session(fresh.id)).status).toBe('suspended')
    expect(await isOwned(fresh.id)).toBe(false)
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    expect(await session(fresh.id)).toMatchObject({ status: 'created', reason: null, action: 'link' })
    expect(await isOwned(fresh.id)).toBe(false)
  })

  it('late words of a line that was hung up change nothing', async () => {
    const line = await unpaid()
    await pass(73 * hour)
    await line.says('failed')
    expect(await rowOf(line.id)).toMatchObject({ wanted: 'connected', underStatus: 'connected' })
  })

  it('after two warnings and 30 days it is unlinked and erased, with an entry in the audit', async () => {
    const { id } = await unpaid()
    await pass(23 * day)
    await pass(6 * day)
    expect(await rowOf(id)).toMatchObject({ wanted: 'connected' })
    await pass(day)
    expect(await rowOf(id)).toMatchObject({ wanted: 'removed' })
    expect(await mailKinds()).toEqual(['ended', 'erasure', 'erasure'])
    const [entry] = await world.ctx.db
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.action, 'session.erased'), eq(auditEntries.subject, id)))
    expect(entry).toMatchObject({ subject: id, locationId: bakery.id, userId: null })
  })
})

describe('operators', () => {
  it('lower the allowance: the highest priority numbers are suspended, none is deleted', async () => {
    const lines: TestLine[] = []
    for (const label of ['A', 'B', 'C']) lines.push(await addLine(world, bakery, label))
    for (const line of lines) await line.says('connected')
    const view = await grantSessions(world.ctx, { locationId: bakery.id, until: null, maxSessions: 2 })
    expect(view).toMatchObject({ maxSessions: 2, used: 3 })
    const statuses = async () => Promise.all(lines.map(async ({ id }) => (await session(id)).status))
    expect(await statuses()).toEqual(['connected', 'connected', 'suspended'])
    await expect(addLine(world, bakery, 'D')).rejects.toEqual(code('limit_reached'))
    await pass(40 * day)
    expect(await rowOf(lines[2]!.id)).toMatchObject({ wanted: 'connected', isLinked: true })
    await removeSession(world.ctx, admin, { sessionId: lines[0]!.id })
    await settle()
    expect((await session(lines[2]!.id)).status).toBe('starting')
  })

  it('grant for a time: it is told before it ends, and then all is as after a trial', async () => {
    const line = await addLine(world, bakery, 'Sales')
    await line.says('connected')
    await pass(6 * day)
    const until = new Date(world.ctx.clock.now().getTime() + 10 * day)
    await grantSessions(world.ctx, { locationId: bakery.id, until })
    await pass(8 * day + hour)
    await pass(2 * day)
    expect(await entitlement()).toMatchObject({ state: 'ended', endsAt: until.toISOString() })
    expect(await mailKinds()).toEqual(['ended', 'ends', 'ended'])
    const told = await world.ctx.db.select().from(mails).where(eq(mails.locationId, bakery.id)).orderBy(mails.createdAt)
    expect(told.map(({ facts }) => facts.by)).toEqual(['trial', 'grant', 'grant'])
    expect((await session(line.id)).status).toBe('suspended')
  })

  it('cannot grant what is over already, or to nobody', async () => {
    const past = new Date(world.ctx.clock.now().getTime() - 1)
    await expect(grantSessions(world.ctx, { locationId: bakery.id, until: past })).rejects.toEqual(code('bad_request'))
    await expect(grantSessions(world.ctx, { locationId: 'nobody' as never, until: null })).rejects.toEqual(
      code('not_found'),
    )
  })

  it('end a grant: a running trial goes on, a spent one is over', async () => {
    const line = await addLine(world, bakery, 'Sales')
    await line.says('connected')
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    expect((await revokeGrant(world.ctx, { locationId: bakery.id })).state).toBe('trial')
    await pass(6 * day)
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    expect((await revokeGrant(world.ctx, { locationId: bakery.id })).state).toBe('ended')
    expect((await session(line.id)).status).toBe('suspended')
  })

  it('who was granted before the first connection has the trial afterwards', async () => {
    await grantSessions(world.ctx, { locationId: bakery.id, until: null })
    await (await addLine(world, bakery, 'Sales')).says('connected')
    expect((await entitlement()).trialStartedAt).toBeNull()
    await revokeGrant(world.ctx, { locationId: bakery.id })
    await settle()
    expect((await entitlement()).state).toBe('trial')
  })
})

it('several workers settle once', async () => {
  const line = await addLine(world, bakery, 'Sales')
  await line.says('connected')
  world.ctx.clock.advance(5 * day + hour)
  await Promise.all([settle(), settle(), settle(), settle()])
  expect(await mailKinds()).toEqual(['ended'])
  expect((await rowOf(line.id)).underStatus).toBe('connected')
})

it('a stop and the end of the trial at once leave the session stopped below its suspension', async () => {
  for (let round = 0; round < 5; round++) {
    bakery = await world.subAccount()
    admin = bakery.person('location_admin')
    const line = await addLine(world, bakery, 'Sales')
    await line.says('connected')
    world.ctx.clock.advance(5 * day + hour)
    await Promise.all([settle(), stopSession(world.ctx, admin, { sessionId: line.id })])
    await settle()
    expect(await rowOf(line.id)).toMatchObject({ wanted: 'closed', status: 'suspended', underStatus: 'stopped' })
  }
})
