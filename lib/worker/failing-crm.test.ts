/** A CRM that fails: at everything, for as long as it takes, or at one message, which must not hold up the others. */
import { eq, sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { deliveries } from '@/db/schema/deliveries'
import { messages } from '@/db/schema/messages'
import { crmBudgets } from '@/db/schema/sub-accounts'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import type { Actor } from '@/lib/bridge/context'
import { hearInbound } from '@/lib/bridge/message/hear-inbound'
import { readSubAccount } from '@/lib/bridge/sub-account/list'
import { systemClock } from '@/lib/clock'
import type { Address, CompanyId, LocationId, RemoteId, UserId } from '@/lib/ids'
import { poisonCap, productionTimings } from './timings'
import { startCrmWork, type CrmWork } from './work'

const short = { minMs: 10, maxMs: 50 }
let kit: BridgeKit
let work: CrmWork
beforeAll(async () => void (kit = await startBridgeKit({ rest: short, requestEveryMs: 20 })))
afterAll(() => kit.close())
afterEach(async () => {
  await work.stop(2_000)
  await kit.crm.clearFaults()
})

function start(): void {
  // Looking again after a lost answer takes seconds.
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 30), signal),
  }
  work = startCrmWork({ ...kit.ctx, clock }, 'worker', { ...productionTimings, pollMs: 30, crmRetry: short })
}
async function aSession() {
  const locationId = await kit.subAccount()
  return { locationId, session: await kit.session(locationId, 1) }
}
let count = 0
async function hear(session: Awaited<ReturnType<BridgeKit['session']>>, from: string, text: string): Promise<void> {
  const address = `${from.slice(1)}@s.whatsapp.net` as Address
  await hearInbound(kit.ctx, session, {
    type: 'message',
    id: `HEARD${++count}` as RemoteId,
    person: { address, aliases: [address], phone: from, name: 'Ana' },
    fromPhone: false,
    content: { kind: 'text', text },
    at: new Date(),
  })
}
const pushes = (locationId: LocationId) =>
  kit.ctx.db
    .select()
    .from(deliveries)
    .where(sql`${deliveries.locationId} = ${locationId} and ${deliveries.kind} = 'push'`)
    .orderBy(deliveries.seq)
const shown = async (locationId: LocationId) => {
  const [contact] = await kit.crm.contacts(locationId)
  return contact ? (await kit.crm.conversation(contact)).map(({ body, kind }) => ({ body, kind })) : []
}
const failingSince = async (locationId: LocationId) =>
  (await kit.ctx.db.select().from(crmBudgets).where(eq(crmBudgets.locationId, locationId)))[0]?.failingSince ?? null

test('a message the CRM always fails at is given up, with a note in its place, and the next one goes on', async () => {
  const { locationId, session } = await aSession()
  await hear(session, '+15550000001', 'before')
  start()
  await expect.poll(() => shown(locationId)).toHaveLength(1)
  await kit.crm.fault('status', {
    ...{ status: 500, method: 'POST', path: '^/conversations/messages/inbound' },
    ...{ locationId, times: poisonCap },
  })
  await hear(session, '+15550000001', 'poison')
  await hear(session, '+15550000001', 'after it')
  await expect.poll(() => shown(locationId), { timeout: 40_000 }).toHaveLength(3)
  expect((await shown(locationId)).filter(({ kind }) => kind === 'own').map(({ body }) => body)).toEqual([
    'before',
    'after it',
  ])
  expect((await shown(locationId)).find(({ kind }) => kind === 'comment')?.body).toMatch(
    /^A WhatsApp message from this contact, of .+ UTC, could not be shown here\./,
  )
  await expect
    .poll(async () => (await pushes(locationId)).map(({ state }) => state))
    .toEqual(['done', 'given_up', 'done'])
  const [, poison] = await kit.ctx.db
    .select()
    .from(messages)
    .where(eq(messages.locationId, locationId))
    .orderBy(messages.id)
  expect(poison).toMatchObject({ failureCode: 'internal', crmMessageId: null })
  expect(await failingSince(locationId)).toBeNull()
  // One lane makes a person's contact, or somebody without a number could become two.
  const lanes = await kit.ctx.db
    .selectDistinct({ lane: deliveries.laneId })
    .from(deliveries)
    .where(sql`${deliveries.locationId} = ${locationId} and ${deliveries.kind} in ('push', 'note')`)
  expect(lanes).toHaveLength(1)
}, 120_000)

test('while the CRM fails at everything nothing is given up, and it is left alone more and more', async () => {
  const { locationId, session } = await aSession()
  await hear(session, '+15550000002', 'one')
  const fault = await kit.crm.fault('status', { status: 503, locationId })
  const struck = async () => (await kit.crm.faults()).find(({ id }) => id === fault)?.hits ?? 0
  start()
  await expect.poll(struck, { timeout: 40_000 }).toBeGreaterThan(40)
  const since = await failingSince(locationId)
  expect(since).not.toBeNull()
  expect(await pushes(locationId)).toMatchObject([{ state: 'ready' }])
  expect((await pushes(locationId))[0]!.failures).toBeLessThan(20)
  const admin: Actor = {
    ...{ kind: 'user', role: 'location_admin', userId: 'u' as UserId, name: '', email: '' },
    ...{ companyId: 'c' as CompanyId, locationId, locationIds: null },
  }
  expect(await readSubAccount(kit.ctx, admin, locationId)).toMatchObject({ crmFailingSince: since!.toISOString() })

  await kit.crm.clearFaults(fault)
  await expect.poll(() => shown(locationId)).toMatchObject([{ body: 'one' }])
  await expect.poll(() => failingSince(locationId)).toBeNull()
}, 120_000)

test('what the CRM could not take for a week is given up, with a note once it is back', async () => {
  const { locationId, session } = await aSession()
  await hear(session, '+15550000004', 'six days old')
  await hear(session, '+15550000005', 'eight days old')
  const [first] = await pushes(locationId)
  await kit.ctx.db.execute(sql`
    update deliveries set created_at = now() - case when id = ${first!.id} then interval '6 days' else interval '8 days' end
    where location_id = ${locationId}`)
  await kit.crm.fault('status', { status: 503, locationId })
  start()
  await expect
    .poll(async () => (await pushes(locationId)).map(({ state }) => state), { timeout: 20_000 })
    .toEqual(['ready', 'given_up'])
  await kit.crm.clearFaults()
  const shownTo = async (phone: string) => {
    const contact = (await kit.crm.contacts(locationId)).find((one) => one.phone === phone)
    return contact ? (await kit.crm.conversation(contact)).map(({ body, kind }) => ({ body, kind })) : []
  }
  await expect
    .poll(() => shownTo('+15550000005'), { timeout: 20_000 })
    .toEqual([{ body: expect.stringMatching(/could not be shown here/), kind: 'comment' }])
  await expect.poll(() => shownTo('+15550000004'), { timeout: 20_000 }).toEqual([{ body: 'six days old', kind: 'own' }])
  await expect.poll(async () => (await pushes(locationId)).map(({ state }) => state)).toEqual(['done', 'given_up'])
}, 60_000)

test('what only waits its turn is not given up, however old it is', async () => {
  const { locationId, session } = await aSession()
  await hear(session, '+15550000006', 'nine days old')
  await kit.ctx.db.execute(
    sql`update deliveries set created_at = now() - interval '9 days' where location_id = ${locationId}`,
  )
  await kit.ctx.db.execute(sql`
    insert into crm_budgets (location_id, spent_until) values (${locationId}, now() + interval '1 hour')
    on conflict (location_id) do update set spent_until = excluded.spent_until`)
  start()
  await expect
    .poll(async () => (await pushes(locationId))[0]?.lastError, { timeout: 20_000 })
    .toMatch(/used up for now/)
  await kit.ctx.db.execute(sql`update crm_budgets set spent_until = now() where location_id = ${locationId}`)
  await kit.ctx.db.execute(sql`update lanes set due_at = now() where location_id = ${locationId}`)
  await expect.poll(() => shown(locationId), { timeout: 20_000 }).toMatchObject([{ body: 'nine days old' }])
}, 60_000)

test('what the CRM says no to, or tells to come back, does not count as failing', async () => {
  const { locationId, session } = await aSession()
  const fault = await kit.crm.fault('status', { status: 429, locationId, times: 30 })
  await hear(session, '+15550000003', 'patient')
  await kit.ctx.db.execute(sql`update crm_budgets set spent_until = now()`)
  start()
  await expect
    .poll(
      async () => {
        // Each says ten seconds.
        await kit.ctx.db.execute(sql`update crm_budgets set spent_until = now()`)
        await kit.ctx.db.execute(sql`update lanes set due_at = now() where due_at > now() and due_at < 'infinity'`)
        return (await kit.crm.faults()).find(({ id }) => id === fault)?.hits
      },
      { timeout: 40_000 },
    )
    .toBe(30)
  expect(await failingSince(locationId)).toBeNull()
  expect((await pushes(locationId))[0]!.failures).toBe(0)
}, 120_000)
