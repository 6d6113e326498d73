import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocationId } from '@/lib/ids'
import { deliverySecret, startRig, type Rig } from './fixtures/rig'
import { handleDelivery } from './webhooks'

let rig: Rig
let location: LocationId
beforeAll(async () => {
  rig = await startRig()
  location = rig.locationIds[0]!
  await rig.crm.install(location)
  await rig.crm.webhooksIdle()
})
afterAll(() => rig.close())

let next = 0
const sms = (change: object = {}) =>
  JSON.stringify({
    type: 'SMS',
    locationId: location,
    contactId: 'cT4eX8rW2nB6vM9qZ1aS',
    messageId: `message-${next++}`,
    message: 'Hello from the CRM',
    phone: '+12025550123',
    attachments: [],
    ...change,
  })
const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(`${rig.appUrl}/api/webhooks/${path}`, { method: 'POST', body: body as string, headers })
const deliver = async (body: string, headers?: Record<string, string>, secret = deliverySecret) =>
  await post(`delivery/${secret}`, body, headers ?? (await rig.crm.sign(body)))
const stored = async () => {
  const [row] = await rig.web.ctx.db.execute<{ count: number }>(sql`select count(*)::int as count from messages`)
  return row!.count
}

describe('a message to deliver', () => {
  test('written in the CRM is stored before the CRM is answered', async () => {
    const before = await stored()
    const contact = await rig.crm.createContact(location, { name: 'Pat Doe', phone: '+12025550101' })
    const message = await rig.crm.write(contact, 'Is Tuesday still free?')
    await rig.crm.webhooksIdle()
    expect(await stored()).toBe(before + 1)
    const rows = await rig.web.ctx.db.execute<{
      crm_message_id: string
      body_sealed: Buffer
      read_back: string | null
    }>(sql`select crm_message_id, body_sealed, read_back from messages where crm_message_id = ${message.id}`)
    expect(rows[0]).toMatchObject({ crm_message_id: message.id, read_back: null })
    expect(rows[0]!.body_sealed.includes('Tuesday')).toBe(false)
  })

  test('repeated, even at once, is one message', async () => {
    const before = await stored()
    const body = sms()
    const headers = await rig.crm.sign(body)
    const answers = await Promise.all(Array.from({ length: 8 }, () => deliver(body, headers)))
    // A slow machine may ask to be sent again what it then stores.
    for (const { status } of answers) expect([200, 429]).toContain(status)
    await expect.poll(async () => (await deliver(body, headers)).status).toBe(200)
    expect(await stored()).toBe(before + 1)
  })

  test('unsigned is stored to be read back before anything is sent', async () => {
    const body = sms({ messageId: 'unsigned-one' })
    expect((await deliver(body, {})).status).toBe(200)
    expect((await deliver(sms({ messageId: 'unsigned-two' }), { 'x-ghl-signature': 'N/A' })).status).toBe(200)
    const rows = await rig.web.ctx.db.execute(
      sql`select status, read_back from messages where crm_message_id like 'unsigned-%'`,
    )
    expect([...rows]).toEqual(Array(2).fill({ status: 'received', read_back: 'needed' }))
  })

  test('the secret before the current one still works', async () => {
    expect((await deliver(sms(), undefined, 'the-secret-before')).status).toBe(200)
  })

  test('for a sub-account without the app is answered and not stored', async () => {
    const before = await stored()
    expect((await deliver(sms({ locationId: 'nobodysLocation00000' }))).status).toBe(200)
    expect(await stored()).toBe(before)
  })

  test('is refused for what it is, and nothing is stored', async () => {
    const before = await stored()
    const body = sms()
    const signed = await rig.crm.sign(body)
    const cases: [string, () => Promise<Response>, number][] = [
      ['a wrong secret', () => deliver(body, signed, 'wrong-secret-000000'), 404],
      ['a wrong signature', async () => deliver(body, await rig.crm.sign(body, 'wrong')), 401],
      ['another body', () => deliver(body.replace('Hello', 'Hallo'), signed), 401],
      ['no JSON', () => deliver('{', {}), 400],
      ['no message', () => deliver('{"type":"SMS"}', {}), 400],
      ['more than a mebibyte', () => deliver(sms({ message: 'x'.repeat(1_100_000) }), {}), 413],
    ]
    for (const [name, send, status] of cases) expect([name, (await send()).status]).toEqual([name, status])
    expect(await stored()).toBe(before)
  })

  test('unsigned is refused where signatures are required', async () => {
    const { web } = rig
    const strict = {
      ...web,
      settings: { ...web.settings, highlevel: { ...web.settings.highlevel, deliverySignature: 'required' as const } },
    }
    const ask = (body: string, headers: Record<string, string>) =>
      handleDelivery(strict, new Request('http://app/', { method: 'POST', body, headers }), deliverySecret)
    const body = sms()
    expect((await ask(body, {})).status).toBe(401)
    expect((await ask(body, await rig.crm.sign(body))).status).toBe(200)
  })
})

describe('an event of the app', () => {
  const event = (change: object = {}) =>
    JSON.stringify({
      type: 'ContactUpdate',
      locationId: location,
      id: 'someContact000000000',
      webhookId: `w-${next++}`,
      ...change,
    })

  test('counts once per id', async () => {
    const body = event()
    const headers = await rig.crm.sign(body)
    for (let i = 0; i < 3; i++) expect((await post('app', body, headers)).status).toBe(200)
    const rows = await rig.web.ctx.db.execute(
      sql`select event from app_events where key = ${(JSON.parse(body) as { webhookId: string }).webhookId}`,
    )
    expect([...rows]).toEqual([{ event: 'contact-changed' }])
  })

  test('without a good signature is refused', async () => {
    const body = event()
    expect((await post('app', body)).status).toBe(401)
    expect((await post('app', body, { 'x-ghl-signature': 'N/A' })).status).toBe(401)
    expect((await post('app', body, await rig.crm.sign(body, 'wrong'))).status).toBe(401)
    const wrong = await rig.crm.sign(body, 'wrong')
    expect((await post('app', body, { ...wrong, 'x-wh-signature': wrong['X-GHL-Signature']! })).status).toBe(401)
    expect((await post('app', '{', await rig.crm.sign('{'))).status).toBe(400)
  })

  test('of a kind we do not know is taken', async () => {
    const body = event({ type: 'SomethingNew' })
    expect((await post('app', body, await rig.crm.sign(body))).status).toBe(200)
  })

  test('about a contact changes what we know of the person', async () => {
    const contact = await rig.crm.createContact(location, { name: 'Dee Endee', phone: '+12025550107' })
    await rig.web.ctx.db.execute(sql`
      insert into people (id, location_id, contact_id, phone) values (gen_random_uuid(), ${location}, ${contact.id}, '+12025550107')`)
    const known = async () => {
      const [row] = await rig.web.ctx.db.execute<{ dnd: boolean | null; contact_id: string | null }>(
        sql`select dnd, contact_id from people where phone = '+12025550107'`,
      )
      return row!
    }
    await rig.crm.changeContact(contact, { dndSettings: { SMS: { status: 'active', message: '', code: '' } } } as never)
    await expect.poll(known).toMatchObject({ dnd: true, contact_id: contact.id })
    await rig.crm.deleteContact(contact)
    await expect.poll(known).toMatchObject({ dnd: null, contact_id: null })
  })
})

test('while the database cannot store, the CRM is asked to send again, and afterwards nothing is lost', async () => {
  const body = sms({ messageId: 'during-the-outage' })
  const locked = rig.anotherWeb()
  const headers = await rig.crm.sign(body)
  await locked.ctx.db.transaction(async (tx) => {
    await tx.execute(sql`lock table messages in access exclusive mode`)
    const answer = await deliver(body, headers)
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('600')
  })
  expect((await deliver(body, headers)).status).toBe(200)
  const rows = await rig.web.ctx.db.execute(sql`select 1 from messages where crm_message_id = 'during-the-outage'`)
  expect(rows.length).toBe(1)
})
