/** A worker whose answers are lost, from the database, the line or the CRM, still does everything once, in order. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eq, sql, type SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { openListener, type Database, type Listener } from '@/db/client'
import { messages, parts } from '@/db/schema/messages'
import { leases, sessions } from '@/db/schema/sessions'
import { owner, recordingLine, startBridgeKit, type BridgeKit, type RecordingLine } from '@/e2e/bridge-kit'
import { acceptOutbound } from '@/lib/bridge/message/accept-outbound'
import { hearInbound } from '@/lib/bridge/message/hear-inbound'
import { routeMessage } from '@/lib/bridge/message/route-message'
import type { Channel, OwnedSession } from '@/lib/channel/channel'
import { channelKinds } from '@/lib/channel/kinds'
import { systemClock, type Clock } from '@/lib/clock'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { Address, ContactId, CrmMessageId, LocationId, RemoteId } from '@/lib/ids'
import { claimForAnyone } from '@/lib/outbox/claim'
import { productionTimings, type WorkerTimings } from './timings'
import { startWorker, type Worker } from './worker'

let kit: BridgeKit
let listener: Listener
let worker: Worker
let line: RecordingLine
let locationId: LocationId
let one: OwnedSession & { channel: 'whatsapp' }
/** The answer of the next statement that contains this, and has rows, is lost. */
let lose: string | null
let numbers = 0
/** What its lines were opened for. */
let opened: OwnedSession[] = []

beforeAll(async () => {
  kit = await startBridgeKit()
  listener = openListener(kit.databaseUrl)
})
afterAll(async () => {
  await listener.close()
  await kit.close()
})
beforeEach(async () => {
  lose = null
  opened = []
  line = recordingLine()
  locationId = await kit.subAccount()
  one = await kit.session(locationId, 1)
})
afterEach(() => worker.stop())

const dialect = new PgDialect()
function withLosses(db: Database): Database {
  const execute = async (query: SQL) => {
    const rows = await db.execute(query)
    if (lose === null || rows.length === 0 || !dialect.sqlToQuery(query).sql.includes(lose)) return rows
    lose = null
    throw new Error('the connection was lost before the answer came')
  }
  return new Proxy(db, {
    get: (target, name) => (name === 'execute' ? execute : Reflect.get(target, name, target)),
  })
}

const channel: Channel = {
  kind: channelKinds.whatsapp,
  sweep: async () => {},
  open(session, ears) {
    if (session.id === one.id) opened.push(session)
    const account = { phone: session.phone!, aliases: [], name: null, platform: 'consumer' as const }
    line.connect = () => void ears.hear({ type: 'state', state: 'connected', account }).catch(() => {})
    return line
  },
}

async function start(
  highlevel = kit.ctx.highlevel,
  more: { clock?: Clock; timings?: Partial<WorkerTimings>; listener?: Listener } = {},
): Promise<void> {
  await kit.ctx.db
    .update(leases)
    .set({ owner: null, leaseUntil: new Date(0) })
    .where(eq(leases.sessionId, one.id))
  worker = await startWorker({
    ctx: { ...kit.ctx, db: withLosses(kit.ctx.db), highlevel, clock: more.clock ?? kit.ctx.clock },
    owner: `worker-${++numbers}`,
    channels: { whatsapp: channel },
    listener: more.listener ?? listener,
    pacing: 'off',
    timings: { ...productionTimings, pollMs: 100, drainMs: 500, crmRetry: { minMs: 20, maxMs: 100 }, ...more.timings },
  })
}

/** Accepted, to a new contact each. */
async function accept(text: string): Promise<CrmMessageId> {
  const phone = `+1555400${String(++numbers).padStart(4, '0')}`
  const contact = await kit.crm.createContact(locationId, { name: 'Ana', phone })
  const crmMessageId = `lost-${numbers}` as CrmMessageId
  const message = {
    ...{ locationId, contactId: contact.id as ContactId, crmMessageId, text, attachments: [], phone },
    ...{ userId: null, providerId: null, conversationId: null },
  }
  await acceptOutbound(kit.ctx, { message, signature: 'good' })
  return crmMessageId
}
/** And bound. */
async function queue(text: string): Promise<CrmMessageId> {
  const crmMessageId = await accept(text)
  for (const delivery of await claimForAnyone(kit.ctx.db, owner, { limit: 50, holdMs: 60_000, except: [] }))
    if (delivery.kind === 'route') await routeMessage(kit.ctx, owner, delivery)
  return crmMessageId
}
const statusOf = async (id: CrmMessageId) =>
  (await kit.ctx.db.select().from(messages).where(eq(messages.crmMessageId, id)))[0]!.status
const texts = () => line.sent.map(({ text }) => text)
const inDoubt = (text: SQL) =>
  kit.ctx.db.execute(sql`
    update parts set state = 'sending', epoch = 1, sent_at = now() where message_id = (${text})`)
const messageOf = (id: CrmMessageId) => sql`select id from messages where crm_message_id = ${id}`

test.each([
  ['a claim', 'with due as materialized'],
  ['the parts of a claim', 'join messages m on m.id = p.message_id'],
])('when the answer to %s is lost, its parts are claimed again', async (_what, statement) => {
  const ids = [await queue('a'), await queue('b')]
  lose = statement
  await start()
  for (const id of ids) await expect.poll(() => statusOf(id)).toBe('sent')
  expect(lose).toBeNull()
  expect(texts().sort()).toEqual(['a', 'b'])
})

test('a worker no notification reaches finds its work by looking for it', async () => {
  await start(undefined, { listener: { listen: async () => {}, close: async () => {} } })
  await expect.poll(() => opened.length, { timeout: 30_000 }).toBe(1)
  // One after the other, so that what a round finds cannot have been left from the one before.
  for (const text of ['one', 'two', 'three']) {
    const id = await accept(text)
    await expect.poll(() => statusOf(id), { timeout: 30_000 }).toBe('sent')
  }
  const person = { address: '15554009999@s.whatsapp.net' as Address, phone: '+15554009999', name: 'Ana' }
  await hearInbound(
    kit.ctx,
    { ...one, epoch: opened[0]!.epoch },
    {
      ...{ type: 'message', id: 'HEARD1' as RemoteId, person: { ...person, aliases: [person.address] } },
      ...{ fromPhone: false, content: { kind: 'text', text: 'an answer' }, at: new Date() },
    },
  )
  await kit.crm.waitForMessage((each) => each.locationId === locationId && each.text === 'an answer')
  let hungUp = false
  line.close = async () => void (hungUp = true)
  await kit.ctx.db.update(sessions).set({ wanted: 'closed' }).where(eq(sessions.id, one.id))
  await expect.poll(() => hungUp, { timeout: 30_000 }).toBe(true)
})

test('when sending again what is in doubt breaks off, it is sent again, and others are not kept waiting', async () => {
  const first = await queue('in doubt')
  const second = await queue('after')
  await inDoubt(messageOf(first))
  const { send } = line
  line.send = async () => {
    line.send = send
    throw new Error('a fault of ours')
  }
  await start()
  for (const id of [first, second]) await expect.poll(() => statusOf(id)).toBe('sent')
  expect(texts().sort()).toEqual(['after', 'in doubt'])
})

test('a part in doubt that can never be sent does not keep the session from sending', async () => {
  const poison = await queue('poison')
  const healthy = await queue('healthy')
  await inDoubt(messageOf(poison))
  const [part] = await kit.ctx.db.select().from(parts).where(eq(parts.sessionId, one.id)).orderBy(parts.id)
  await kit.ctx.db.execute(sql`update deliveries set attempts = 11 where subject_id = ${part!.id}`)
  const { send } = line
  line.send = async (to, prepared, id) => {
    if (id === part!.remoteId) throw new Error('poison')
    return send(to, prepared, id)
  }
  await start()
  await expect.poll(() => statusOf(healthy)).toBe('sent')
  await expect.poll(() => statusOf(poison)).toBe('failed')
})

test('a CRM that could not be reached is asked again soon, not when the hold on the lane is over', async () => {
  const id = await accept('hello')
  let isReachable = false
  await start({
    forSubAccount(location) {
      const api = kit.ctx.highlevel.forSubAccount(location)
      const getContact: typeof api.getContact = async (contactId) => {
        if (isReachable) return api.getContact(contactId)
        isReachable = true
        const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
        throw new CrmError('try_later', 'the connection failed', { cause })
      }
      return { ...api, getContact }
    },
  })
  await expect.poll(() => statusOf(id)).toBe('sent')
  expect(isReachable).toBe(true)
})

test('a line that hung up in time is not kept when its renewal comes through after all: the session is taken anew', async () => {
  let stoodStillMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + stoodStillMs }
  // The fence looks every three seconds, and finds the lease renewed.
  await start(undefined, { clock, timings: { fenceMs: 60_000, renewEveryMs: 50, leaseMs: 5_000 } })
  await expect.poll(() => opened.length).toBe(1)
  const [before] = opened
  expect(before!.isMine()).toBe(true)
  stoodStillMs = 61_000
  // So the line, which asks before each frame, hears it first.
  expect(before!.isMine()).toBe(false)
  await expect.poll(() => opened.length).toBe(2)
  expect(opened[1]!.epoch).toBeGreaterThan(before!.epoch)
  expect([before!.isMine(), opened[1]!.isMine()]).toEqual([false, true])
  const id = await queue('goes on')
  await expect.poll(() => statusOf(id)).toBe('sent')
})
