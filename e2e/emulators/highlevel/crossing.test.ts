import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isSigned, startPair } from './fake-app'

/** One message each way, with everything a published contract can judge. */
let world: Awaited<ReturnType<typeof startPair>>
let access: string

beforeAll(async () => {
  world = await startPair()
  access = await world.installed(world.location.id)
})
afterAll(() => world.close())

describe('a message out', () => {
  it('reaches the Delivery URL signed, then the app as OutboundMessage, and takes a status after the race', async () => {
    const { app, crm, api, emulator, location } = world
    await crm.set({ messages: { statusRaceMs: 600_000 } })
    const contact = await crm.createContact(location.id, { name: 'Pat Doe', phone: '+1 202 555 0123' })
    const message = await crm.write(contact, 'Hello from the CRM')
    expect(message.status).toBe('pending')

    const delivery = await app.hears((one) => one.body.messageId === message.id && one.path.includes('/delivery/'))
    expect(isSigned(delivery, emulator.webhookPublicKey)).toBe(true)
    expect(delivery.body).toMatchObject({
      contactId: contact.id,
      locationId: location.id,
      type: 'SMS',
      phone: '+12025550123',
      message: 'Hello from the CRM',
      attachments: [],
      userId: message.userId,
    })
    expect(delivery.body).not.toHaveProperty('webhookId')
    const event = await app.hears((one) => one.body.messageId === message.id && one.body.type === 'OutboundMessage')
    expect(isSigned(event, emulator.webhookPublicKey)).toBe(true)
    expect(event.body).toMatchObject({ messageType: 'Custom', messageTypeId: 22, status: 'pending', source: 'app' })

    const path = `/conversations/messages/${message.id}/status`
    const early = await api(access, 'PUT', path, { status: 'delivered' })
    expect([early.status, early.body.message]).toEqual([403, 'No conversation provider found for this message'])
    await crm.set({ messages: { statusRaceMs: 0 } })
    expect((await api(access, 'PUT', path, { status: 'delivered' })).status).toBe(200)
    const error = { code: 'WA_NOT_REGISTERED', type: 'whatsapp', message: 'Not on WhatsApp' }
    expect((await api(access, 'PUT', path, { status: 'failed', error })).body).toMatchObject({ success: true })
    await crm.waitForStatus((status) => status.messageId === message.id && status.status === 'failed')
    expect((await crm.conversation(contact)).at(-1)).toMatchObject({ status: 'failed', error })
  })

  it('written by a workflow or through the API carries no user', async () => {
    const { app, crm, api, location } = world
    const contact = await crm.createContact(location.id, { name: 'Wo Flow', phone: '+12025550124' })
    const message = await crm.write(contact, 'Reminder', { as: 'workflow' })
    expect((await app.hears((one) => one.body.messageId === message.id)).body).not.toHaveProperty('userId')
    const sent = await api(access, 'POST', '/conversations/messages', {
      type: 'SMS',
      contactId: contact.id,
      conversationProviderId: app.registration.providerId,
      message: 'By API',
    })
    expect(sent.status).toBe(201)
    const echo = await app.hears((one) => one.body.messageId === sent.body.messageId && one.path.includes('/delivery/'))
    expect(echo.body).toMatchObject({ message: 'By API' })
    expect(echo.body).not.toHaveProperty('userId')
  })

  it('retried by a person is a new message that only the data event joins to the failed one', async () => {
    const { app, crm, location } = world
    const contact = await crm.createContact(location.id, { name: 'Re Try', phone: '+12025550125' })
    const first = await crm.write(contact, 'Again?')
    const second = await crm.retry(first.id)
    expect(second.id).not.toBe(first.id)
    const delivery = await app.hears((one) => one.body.messageId === second.id && one.path.includes('/delivery/'))
    expect(delivery.body).not.toHaveProperty('originalMessageId')
    const event = await app.hears((one) => one.body.messageId === second.id && one.body.type === 'OutboundMessage')
    expect(event.body.originalMessageId).toBe(first.id)
  })
})

describe('a message in', () => {
  it('is stored once per call, listed newest first, and counted unread', async () => {
    const { app, crm, api, location } = world
    const created = await api(access, 'POST', '/contacts/upsert', {
      locationId: location.id,
      phone: '+12025550130',
      name: 'In Bound',
    })
    expect([created.status, created.body.new]).toEqual([200, true])
    const contactId = (created.body.contact as { id: string }).id
    const inbound = {
      type: 'SMS',
      contactId,
      conversationProviderId: app.registration.providerId,
      message: 'Hi, is Tuesday still free?',
      direction: 'inbound',
      altId: 'wa-3EB0C767D097B7C7A2F1',
      date: '2026-09-14T10:25:02.000Z',
    }
    const posted = await api(access, 'POST', '/conversations/messages/inbound', inbound)
    expect(posted.status).toBe(201)
    expect(posted.body).toMatchObject({ success: true, contactId, dateAdded: inbound.date })
    const phone = { ...inbound, direction: 'outbound', message: 'From the handset', altId: 'wa-2' }
    await api(access, 'POST', '/conversations/messages/inbound', phone)

    const seen = await crm.waitForMessage((message) => message.altId === inbound.altId)
    expect(seen).toMatchObject({ text: inbound.message, direction: 'inbound', locationId: location.id })
    const listed = await api(access, 'GET', `/conversations/${String(posted.body.conversationId)}/messages`)
    const nested = listed.body.messages as { messages: { altId: string; direction: string }[] }
    expect(nested.messages.map((one) => [one.altId, one.direction])).toEqual([
      ['wa-2', 'outbound'],
      [inbound.altId, 'inbound'],
    ])
    const found = await api(access, 'GET', `/conversations/search?locationId=${location.id}&contactId=${contactId}`)
    expect(found.body.conversations).toMatchObject([{ unreadCount: 1, contactId, fullName: 'In Bound' }])
    expect(app.heard.some((one) => one.path.includes('/delivery/') && one.body.message === 'From the handset')).toBe(
      false,
    )
  })

  it('without the provider id is swallowed with 201 and nothing', async () => {
    const { crm, api, location } = world
    const contact = await crm.createContact(location.id, { name: 'No Provider', phone: '+12025550131' })
    const answer = await api(access, 'POST', '/conversations/messages/inbound', {
      type: 'SMS',
      contactId: contact.id,
      message: 'x',
      direction: 'inbound',
    })
    expect([answer.status, answer.text]).toEqual([201, ''])
    expect(await crm.conversation(contact)).toEqual([])
  })
})

it('breaks the published contract nowhere', async () => {
  expect(await world.crm.violations()).toEqual([])
})
