/** What the CRM wanted delivered and could not tell us is found, and leaves once. */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { leases, sessions } from '@/db/schema/sessions'
import { messages } from '@/db/schema/messages'
import { recoverOutbound } from '@/lib/bridge/message/recover-outbound'
import { routeMessage } from '@/lib/bridge/message/route-message'
import { opaqueId, type CrmMessageId, type LocationId, type SessionId } from '@/lib/ids'
import { claimForAnyone } from '@/lib/outbox/claim'
import { deliverySecret, startRig, type Rig } from './fixtures/rig'

let rig: Rig
let here: LocationId
let count = 0
beforeAll(async () => {
  rig = await startRig()
  await rig.crm.installAgency({ companyId: rig.companyId })
  await rig.crm.webhooksIdle()
  await rig.idle()
})
afterAll(() => rig.close())
beforeEach(async () => {
  here = (await rig.crm.createSubAccount(`Place ${++count}`, { companyId: rig.companyId })).id as LocationId
  await rig.crm.install(here)
  await rig.crm.webhooksIdle()
  await rig.idle()
  const id = opaqueId<SessionId>()
  await rig.web.ctx.db.insert(sessions).values({
    ...{ id, locationId: here, channel: 'whatsapp', label: 'Line', priority: 1, phone: `+1555${1000000 + count}` },
    ...{ wanted: 'connected', status: 'connected', isLinked: true },
  })
  await rig.web.ctx.db.insert(leases).values({ sessionId: id, epoch: 1, owner: 'w' })
})

const contact = () => rig.crm.createContact(here, { name: 'Ana', phone: `+1202555${2000 + count}` })
const write = async (to: Awaited<ReturnType<typeof contact>>, text: string) =>
  (await rig.crm.write(to, text)).id as CrmMessageId
/** Nobody hears the CRM's webhooks meanwhile. */
async function deaf(during: () => Promise<void>): Promise<void> {
  await rig.crm.set({ webhooks: { drop: 1 } })
  await during()
  await rig.crm.webhooksIdle()
  await rig.crm.set({ webhooks: { drop: 0 } })
}
const due = () => rig.web.ctx.db.execute(sql`update sub_accounts set compare_at = now() where id = ${here}`)
async function route(): Promise<void> {
  for (const delivery of await claimForAnyone(rig.web.ctx.db, 'w', { limit: 50, holdMs: 60_000, except: [] }))
    if (delivery.kind === 'route') await routeMessage(rig.web.ctx, 'w', delivery)
}
const known = () =>
  rig.web.ctx.db
    .select({ crm: messages.crmMessageId, status: messages.status, code: messages.failureCode, to: messages.toPhone })
    .from(messages)
    .where(sql`${messages.locationId} = ${here}`)
    .orderBy(messages.id)
const sends = async () =>
  (
    await rig.web.ctx.db.execute<{ text: string }>(
      sql`select d.key from deliveries d join parts p on p.id = d.subject_id
        where d.kind = 'send' and d.location_id = ${here} order by d.seq`,
    )
  ).length

test('a message told while nobody listened leaves, once, to whom it was for, and in its order', async () => {
  const ana = await contact()
  const ids: CrmMessageId[] = []
  await deaf(async () => {
    for (const text of ['one', 'two', 'three']) ids.push(await write(ana, text))
  })
  expect(await known()).toEqual([])
  await recoverOutbound(rig.web.ctx)
  await route()
  await route()
  await route()
  expect(await known()).toEqual(ids.map((crm) => ({ crm, status: 'queued', code: null, to: ana.phone })))
  await due()
  await Promise.all([recoverOutbound(rig.web.ctx), recoverOutbound(rig.anotherWeb().ctx)])
  expect(await sends()).toBe(3)
})

test('one that is told and found at the same moment leaves once', async () => {
  const ana = await contact()
  let id!: CrmMessageId
  await deaf(async () => void (id = await write(ana, 'both')))
  const body = JSON.stringify({
    ...{ type: 'SMS', locationId: here, contactId: ana.id, messageId: id, message: 'both', phone: ana.phone },
    attachments: [],
  })
  const headers = await rig.crm.sign(body)
  const tell = () => fetch(`${rig.appUrl}/api/webhooks/delivery/${deliverySecret}`, { method: 'POST', body, headers })
  await Promise.all([recoverOutbound(rig.web.ctx), tell(), recoverOutbound(rig.anotherWeb().ctx), tell()])
  await route()
  expect(await known()).toMatchObject([{ crm: id, status: 'queued' }])
  expect(await sends()).toBe(1)
})

test('what was answered 429 is looked for as soon as something can be stored again', async () => {
  const ana = await contact()
  await recoverOutbound(rig.web.ctx)
  const isDue = async () =>
    (await rig.web.ctx.db.execute(sql`select 1 from sub_accounts where id = ${here} and compare_at <= now()`)).length >
    0
  expect(await isDue()).toBe(false)
  await rig.crm.set({ webhooks: { deliveryRetried: false } })
  await rig.web.ctx.db.execute(sql`alter table messages rename to messages_away`)
  const id = await write(ana, 'during the outage')
  await rig.crm.webhooksIdle()
  await rig.web.ctx.db.execute(sql`alter table messages_away rename to messages`)
  expect(await known()).toEqual([])
  await write(ana, 'after it')
  await rig.crm.webhooksIdle()
  await expect.poll(isDue).toBe(true)
  await recoverOutbound(rig.web.ctx)
  expect((await known()).map(({ crm }) => crm)).toContain(id)
})

test('what the CRM could not tell for a day is failed, where people see it', async () => {
  const ana = await contact()
  let id!: CrmMessageId
  await deaf(async () => void (id = await write(ana, 'yesterday')))
  const tomorrow = { ...rig.web.ctx.clock, now: () => new Date(Date.now() + 25 * 3_600_000) }
  await rig.web.ctx.db.execute(
    sql`update sub_accounts set installed_at = installed_at - interval '1 day' where id = ${here}`,
  )
  await recoverOutbound({ ...rig.web.ctx, clock: tomorrow })
  expect(await known()).toMatchObject([{ crm: id, status: 'failed', code: 'expired' }])
  const told = await rig.web.ctx.db.execute(
    sql`select 1 from deliveries where kind = 'status' and location_id = ${here}`,
  )
  expect(told.length).toBe(1)
})

test('nothing is sent that was written well before the install', async () => {
  const ana = await contact()
  await deaf(async () => void (await write(ana, 'before the app was installed again')))
  await rig.web.ctx.db.execute(
    sql`update sub_accounts set installed_at = now() + interval '2 minutes' where id = ${here}`,
  )
  await recoverOutbound(rig.web.ctx)
  expect(await known()).toEqual([])
})

test('what is written in the moment of the install leaves', async () => {
  const ana = await contact()
  let id!: CrmMessageId
  await deaf(async () => void (id = await write(ana, 'at once')))
  await rig.web.ctx.db.execute(
    sql`update sub_accounts set installed_at = now() + interval '10 seconds' where id = ${here}`,
  )
  await recoverOutbound(rig.web.ctx)
  expect(await known()).toMatchObject([{ crm: id }])
})

test('nothing is sent that has come from us', async () => {
  const ana = await contact()
  await rig.crm.set({ messages: { altId: 'hidden' } })
  const crm = rig.web.ctx.highlevel.forSubAccount(here)
  const mine = { contactId: ana.id as never, outsideId: opaqueId(), at: new Date() }
  await crm.addMessage({ ...mine, direction: 'outbound', text: 'typed on the phone' })
  await crm.addNote(ana.id as never, 'a note')
  await recoverOutbound(rig.web.ctx)
  await rig.crm.set({ messages: { altId: 'returned' } })
  expect(await known()).toEqual([])
})

test('a sub-account the CRM does not answer for has its turn again in a minute, and nothing is passed over', async () => {
  const ana = await contact()
  let id!: CrmMessageId
  await deaf(async () => void (id = await write(ana, 'later')))
  await rig.crm.fault('status', { status: 503, locationId: here, path: 'export' })
  await recoverOutbound(rig.web.ctx)
  expect(await known()).toEqual([])
  await rig.crm.clearFaults()
  const [turn] = await rig.web.ctx.db.execute<{ seconds: number; compared_at: string | null }>(sql`
    select extract(epoch from compare_at - now())::int as seconds, compared_at from sub_accounts where id = ${here}`)
  expect(turn!.compared_at).toBeNull()
  expect(turn!.seconds).toBeGreaterThan(30)
  expect(turn!.seconds).toBeLessThanOrEqual(60)
  await due()
  await recoverOutbound(rig.web.ctx)
  expect(await known()).toMatchObject([{ crm: id }])
})
