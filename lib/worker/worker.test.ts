import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { and, eq, sql } from 'drizzle-orm'
import { openListener, type Listener } from '@/db/client'
import { mails } from '@/db/schema/entitlements'
import { messages } from '@/db/schema/messages'
import { sessions } from '@/db/schema/sessions'
import { auditEntries } from '@/db/schema/sub-accounts'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { connectPhones, type PhoneClient, type Phones } from '@/e2e/emulators/whatsapp/client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from '@/e2e/emulators/whatsapp/server'
import { trustEmulator } from '@/e2e/emulators/whatsapp/trust'
import { refuseViolations } from '@/e2e/violations'
import { listAlerts } from '@/lib/bridge/alert/list'
import type { Actor } from '@/lib/bridge/context'
import { acceptOutbound } from '@/lib/bridge/message/accept-outbound'
import { listMessages } from '@/lib/bridge/message/list'
import { previewContactSync } from '@/lib/bridge/contact-sync/preview'
import { readContactSync } from '@/lib/bridge/contact-sync/read'
import { openBookRequest } from '@/lib/bridge/session/ask-for-book'
import { createSession } from '@/lib/bridge/session/create'
import { linkSession } from '@/lib/bridge/session/link'
import { logoutSession } from '@/lib/bridge/session/logout'
import { readQr } from '@/lib/bridge/session/read-pairing'
import { removeSession } from '@/lib/bridge/session/remove'
import { replaceNumber } from '@/lib/bridge/session/replace-number'
import { requestPairingCode } from '@/lib/bridge/session/request-pairing-code'
import { restartSession } from '@/lib/bridge/session/restart'
import { startSession } from '@/lib/bridge/session/start'
import { stopSession } from '@/lib/bridge/session/stop'
import { changeSettings } from '@/lib/bridge/sub-account/change-settings'
import { createWhatsAppChannel } from '@/lib/channel/whatsapp/channel'
import { productionTimings as channelTimings } from '@/lib/channel/whatsapp/timings'
import { createLog, silentLog } from '@/lib/log'
import type { CompanyId, ContactId, CrmMessageId, LocationId, SessionId, UserId } from '@/lib/ids'
import { productionTimings, type WorkerTimings } from './timings'
import { startWorker, type Worker } from './worker'

let kit: BridgeKit
let network: WhatsAppEmulator
let phones: Phones
let listener: Listener
let worker: Worker
let locationId: LocationId
let actor: Actor

const quick: WorkerTimings = {
  ...productionTimings,
  // Longer than any wait below: no session changes hands because a lease ran out.
  ...{ leaseMs: 600_000, renewEveryMs: 300, fenceMs: 400_000, pollMs: 200, drainMs: 1_000 },
  crmRetry: { minMs: 50, maxMs: 500 },
}

beforeAll(async () => {
  kit = await startBridgeKit()
  network = await startWhatsAppEmulator({ say: () => {} })
  trustEmulator(network.rootPublicKey)
  phones = connectPhones(network.url)
  listener = openListener(kit.databaseUrl)
  worker = await start('first')
})
afterAll(async () => {
  await worker.stop()
  await listener.close()
  await network.close()
  await kit.close()
  refuseViolations([network])
})
beforeEach(async () => {
  locationId = await kit.subAccount()
  const companyId = (await kit.crm.state()).companies[0]!.id as CompanyId
  actor = {
    ...{ kind: 'user', userId: 'u' as UserId, name: 'Admin', email: 'a@example.com', companyId },
    ...{ role: 'agency_admin', locationId: null, locationIds: null },
  }
})

const log = process.env.SHOW_LOG ? createLog({ name: 'worker', level: 'debug' }) : silentLog
const start = (owner: string) =>
  startWorker({
    ctx: { ...kit.ctx, log },
    owner,
    channels: {
      whatsapp: createWhatsAppChannel({
        ...{ ...kit.ctx, log },
        webSocketUrl: network.webSocketUrl,
        timings: { ...channelTimings, backoffMinMs: 50, backoffMaxMs: 200, ackWaitMs: 2_000 },
      }),
    },
    listener,
    pacing: 'off',
    timings: quick,
  })

async function until<T>(
  look: () => Promise<T | null | undefined | false>,
  what: string,
  timeoutMs = 40_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
const statusOf = async (id: string) =>
  (
    await kit.ctx.db
      .select()
      .from(sessions)
      .where(eq(sessions.id, id as SessionId))
  )[0]
const becomes = (id: string, status: string) =>
  until(async () => (await statusOf(id))?.status === status, `session ${status}`).catch(async (error: unknown) => {
    throw new Error(`${String(error)}; it is ${JSON.stringify(await statusOf(id))}`)
  })

async function linked(label: string): Promise<{ id: SessionId; phone: PhoneClient }> {
  const session = await createSession(kit.ctx, actor, { locationId, label, channel: 'whatsapp' })
  const id = session.id as SessionId
  const phone = await phones.create({ name: label })
  const { qr } = await until(() => readQr(kit.ctx, actor, id).catch(() => null), 'a QR')
  await phone.scan(qr)
  await becomes(id, 'connected')
  return { id, phone }
}

let handed = 0
async function write(contactId: string, phone: string, text: string): Promise<CrmMessageId> {
  const crmMessageId = `walk-${++handed}` as CrmMessageId
  const message = {
    ...{ locationId, contactId: contactId as ContactId, crmMessageId, text, phone },
    ...{ attachments: [], userId: null, providerId: null, conversationId: null },
  }
  await acceptOutbound(kit.ctx, { message, signature: 'good' })
  return crmMessageId
}
const messageIs = (id: CrmMessageId, status: string) =>
  until(
    async () => (await kit.ctx.db.select().from(messages).where(eq(messages.crmMessageId, id)))[0]?.status === status,
    `message ${status}`,
  )

describe('a message walks through', () => {
  test('out with ticks, and the answer back in', async () => {
    const { phone } = await linked('Sales')
    const ana = await phones.create({ name: 'Ana' })
    const contact = await kit.crm.createContact(locationId, { name: 'Ana', phone: `+${ana.number}` })
    const id = await write(contact.id, contact.phone!, 'hello Ana')
    await ana.waitForText(phone, 'hello Ana')
    await messageIs(id, 'delivered')
    await ana.read(phone)
    await messageIs(id, 'read')
    await ana.sendText(phone, 'hello back')
    const posted = await kit.crm.waitForMessage((each) => each.locationId === locationId && each.text === 'hello back')
    expect(posted).toMatchObject({ contactId: contact.id, direction: 'inbound' })
  }, 120_000)
})

test('over its cap a session lets messages wait, and a raised cap lets them go', async () => {
  await changeSettings(kit.ctx, actor, { locationId, change: { hourlyCap: 1 } })
  const { phone } = await linked('Capped')
  const ana = await phones.create({ name: 'Ana' })
  const contact = await kit.crm.createContact(locationId, { name: 'Ana', phone: `+${ana.number}` })
  await messageIs(await write(contact.id, contact.phone!, 'within'), 'delivered')
  const over = await write(contact.id, contact.phone!, 'over')
  const reason = async () => {
    const { items } = await listMessages(kit.ctx, actor, { locationId, limit: 10 })
    return items.find((message) => message.crmMessageId === over)?.reason
  }
  await until(async () => (await reason())?.includes('has sent as much as it may for now'), 'the reason it waits')
  expect((await ana.chat(phone)).map((bubble) => bubble.text)).toEqual(['within'])
  await changeSettings(kit.ctx, actor, { locationId, change: { hourlyCap: 2 } })
  await messageIs(over, 'delivered')
}, 120_000)

describe('sessions follow what people want', () => {
  test('stop and start without a scan; log out; delete', async () => {
    const { id, phone } = await linked('Support')
    await stopSession(kit.ctx, actor, { sessionId: id })
    await until(async () => !(await phone.view()).devices.some((device) => device.isConnected), 'hung up')
    await startSession(kit.ctx, actor, { sessionId: id })
    await becomes(id, 'connected')
    await logoutSession(kit.ctx, actor, { sessionId: id })
    await until(async () => (await phone.view()).devices.length === 0, 'unlinked on the phone')
    await removeSession(kit.ctx, actor, { sessionId: id })
    await until(async () => !(await statusOf(id)), 'erased')
  }, 120_000)

  test('given up while WhatsApp is out of reach, people are told to remove the device on the phone', async () => {
    const [kept, gone] = [await linked('Kept'), await linked('Gone')]
    const isUp = async (phone: PhoneClient) => (await phone.view()).devices.some(({ isConnected }) => isConnected)
    for (const { id, phone } of [kept, gone]) {
      await stopSession(kit.ctx, actor, { sessionId: id })
      await until(async () => !(await isUp(phone)), 'hung up')
    }
    await phones.refuseConnections()
    try {
      await logoutSession(kit.ctx, actor, { sessionId: kept.id })
      await removeSession(kit.ctx, actor, { sessionId: gone.id })
      await until(async () => !(await statusOf(kept.id))?.isLinked, 'given up')
      await until(async () => !(await statusOf(gone.id)), 'erased')
    } finally {
      await phones.refuseConnections(false)
    }
    for (const { phone } of [kept, gone]) expect((await phone.view()).devices).toHaveLength(1)
    const { items } = await listAlerts(kit.ctx, actor, locationId)
    const told = items.map(({ kind, text }) => `${kind} ${text}`).toSorted()
    const said =
      'WhatsApp could not be told that this device is given up. Remove it on the phone, under Linked devices.'
    expect(told).toEqual([
      `still_linked Gone (+${gone.phone.number}): ${said}`,
      `still_linked Kept (+${kept.phone.number}): ${said}`,
    ])
    const put = await kit.ctx.db.select().from(mails).where(eq(mails.locationId, locationId))
    expect(put.map(({ kind }) => kind)).toEqual(['still_linked', 'still_linked'])
    const entries = await kit.ctx.db
      .select({ subject: auditEntries.subject, detail: auditEntries.detail })
      .from(auditEntries)
      .where(and(eq(auditEntries.locationId, locationId), eq(auditEntries.action, 'session.still_linked')))
    expect(entries).toHaveLength(2)
    expect(entries).toContainEqual({ subject: gone.id, detail: { label: 'Gone' } })
  }, 120_000)

  test('a device that was removed on the phone meanwhile is nothing to tell of', async () => {
    const { id, phone } = await linked('Removed')
    await stopSession(kit.ctx, actor, { sessionId: id })
    const [device] = await until(async () => {
      const { devices } = await phone.view()
      return devices.every(({ isConnected }) => !isConnected) && devices
    }, 'hung up')
    await phone.unlink(device!.device)
    await removeSession(kit.ctx, actor, { sessionId: id })
    await until(async () => !(await statusOf(id)), 'erased')
    const { items } = await listAlerts(kit.ctx, actor, locationId)
    expect(items.filter(({ text }) => text.includes('Removed'))).toEqual([])
  }, 120_000)

  test('blocked for a while, it is left alone until that is over, and comes back when somebody wants it then', async () => {
    const { id, phone } = await linked('Eager')
    await phones.loginAnswer(phone.number, 402)
    await restartSession(kit.ctx, actor, { sessionId: id })
    await becomes(id, 'banned')
    const blocked = (await statusOf(id))!
    expect(blocked).toMatchObject({ reason: 'temporary_ban', wanted: 'closed', isLinked: true })
    const leftMs = blocked.nextRetryAt!.getTime() - Date.now()
    // The hour WhatsApp said, and a little more in case clocks differ.
    expect(leftMs).toBeGreaterThan(50 * 60_000)
    expect(leftMs).toBeLessThan(70 * 60_000)
    await expect(linkSession(kit.ctx, actor, { sessionId: id })).rejects.toMatchObject({
      code: 'wrong_status',
      message: expect.stringContaining('Try again after that'),
    })
    await kit.ctx.db.update(sessions).set({ nextRetryAt: new Date() }).where(eq(sessions.id, id))
    await linkSession(kit.ctx, actor, { sessionId: id })
    await becomes(id, 'connected')
    expect((await phone.view()).devices).toHaveLength(1)
  }, 120_000)

  test('unlinked on the phone, the session says so', async () => {
    const { id, phone } = await linked('Front desk')
    const [device] = (await phone.view()).devices
    await phone.unlink(device!.device)
    await becomes(id, 'logged_out')
    expect(await statusOf(id)).toMatchObject({ reason: 'phone_unlinked', isLinked: false })
  }, 120_000)

  test('a number given up while a code is on the screen is not asked of the next phone', async () => {
    const { id } = await linked('Moving')
    await logoutSession(kit.ctx, actor, { sessionId: id })
    await until(async () => !(await statusOf(id))?.isLinked, 'unlinked')
    await linkSession(kit.ctx, actor, { sessionId: id })
    const before = await until(() => readQr(kit.ctx, actor, id).catch(() => null), 'a QR')
    await replaceNumber(kit.ctx, actor, { sessionId: id })
    const fresh = async () => {
      const now = await readQr(kit.ctx, actor, id).catch(() => null)
      return now && now.qr !== before.qr && now
    }
    const other = await phones.create({ name: 'Moved' })
    await other.scan((await until(fresh, 'another QR')).qr)
    await becomes(id, 'connected')
    expect(await statusOf(id)).toMatchObject({ phone: `+${other.number}` })
  }, 120_000)

  test('the address book is read for whoever asked last, and then not asked for any more', async () => {
    const { id, phone } = await linked('Book')
    const ana = await phones.create({ name: 'Ana' })
    await phone.saveContacts([{ number: ana.number, name: 'Ana' }])
    await previewContactSync(kit.ctx, actor, id)
    const ready = async () => (await readContactSync(kit.ctx, actor, id)).state === 'ready'
    await until(ready, 'read and compared')
    expect((await readContactSync(kit.ctx, actor, id)).counts).toMatchObject({ new: 1 })
    expect(await openBookRequest(kit.ctx, id, 'contacts')).toBeNull()
    await previewContactSync(kit.ctx, actor, id)
    await until(ready, 'read again')
  }, 120_000)

  test('a code typed on the phone links it too', async () => {
    const session = await createSession(kit.ctx, actor, { locationId, label: 'By code', channel: 'whatsapp' })
    const phone = await phones.create({ name: 'By code' })
    const { code } = await requestPairingCode(kit.ctx, actor, {
      sessionId: session.id as SessionId,
      phone: phone.number,
    })
    await phone.enterCode(code)
    await becomes(session.id, 'connected')
    expect(await statusOf(session.id)).toMatchObject({ phone: `+${phone.number}` })
  }, 120_000)

  test('another worker takes over where this one stopped, without a scan', async () => {
    const { id, phone } = await linked('Handed over')
    await worker.stop()
    const kept = sql`select session_id from leases where owner is not null or lease_until <> '-infinity'`
    expect(await kit.ctx.db.execute(kept)).toEqual([])
    worker = await start('second')
    const ana = await phones.create({ name: 'Ana' })
    const contact = await kit.crm.createContact(locationId, { name: 'Ana', phone: `+${ana.number}` })
    await becomes(id, 'connected')
    await write(contact.id, contact.phone!, 'after the change')
    await ana.waitForText(phone, 'after the change')
  }, 120_000)
})
