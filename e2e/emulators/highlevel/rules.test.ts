import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPair } from './fake-app'
import { decryptUserData, encryptUserData } from './sso'

/** What the API refuses, in its own texts, and what it quietly does differently from what one hoped. */
let world: Awaited<ReturnType<typeof startPair>>
let access: string
let place: string
beforeAll(async () => {
  world = await startPair({ timings: { statusRaceMs: 0 } })
  place = world.location.id
  access = await world.installed(place)
})
afterAll(() => world.close())

/** A token for no more than this. */
async function granted(scope: string): Promise<string> {
  const { clientId, redirectUri } = world.app.registration
  const form = { client_id: clientId, redirect_uri: redirectUri, scope, choice: `location:${place}` }
  const body = new URLSearchParams(form)
  const approved = await fetch(new URL(world.emulator.authorizeUrl), { method: 'POST', body, redirect: 'manual' })
  const code = new URL(approved.headers.get('location') ?? '').searchParams.get('code') ?? ''
  return String((await world.token({ grant_type: 'authorization_code', code })).body.access_token)
}

describe('headers and tokens', () => {
  it.each([
    ['an empty Version', { Version: '' }, 401, 'version header is invalid'],
    ['an unknown Version', { Version: '2019-01-01' }, 401, 'version header is invalid'],
    ['a Location-Id header', { 'Location-Id': 'x' }, 403, 'The token does not have access to this location.'],
  ])('%s', async (_name, headers, status, message) => {
    const answer = await world.api(access, 'GET', `/locations/${place}`, undefined, headers)
    expect([answer.status, answer.body.message]).toEqual([status, message])
  })

  it('a missing Version header', async () => {
    const answer = await fetch(`${world.emulator.url}/locations/${place}`, {
      headers: { Authorization: `Bearer ${access}` },
    })
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { statusCode: 401, message: 'version header was not found.' },
    ])
  })

  it('another sub-account, a foreign contact, the wrong class, a missing scope', async () => {
    const { crm, api } = world
    const other = await crm.createSubAccount('Other')
    const stranger = await crm.createContact(other.id, { name: 'Str Anger', phone: '+12025550140' })
    expect((await api(access, 'GET', `/locations/${other.id}`)).body.message).toBe(
      'The token does not have access to this location.',
    )
    expect((await api(access, 'GET', `/contacts/${stranger.id}`)).status).toBe(403)
    expect((await api(access, 'GET', '/contacts/nobody')).body.message).toBe('Contact with id nobody not found')

    const outcome = await crm.installAgency()
    const { body } = await world.token({ grant_type: 'authorization_code', code: outcome.code })
    const wrong = await api(String(body.access_token), 'GET', `/contacts/${stranger.id}`)
    expect([wrong.status, wrong.body.message]).toEqual([
      401,
      expect.stringMatching(/^This authClass type is not allowed/),
    ])

    const token = await granted('contacts.readonly')
    const answer = await api(token, 'GET', `/locations/${place}`)
    expect([answer.status, answer.body.message]).toEqual([401, 'The token is not authorized for this scope.'])
  })

  it('an unknown path is the CRM own 404, loud and counted', async () => {
    const before = (await world.crm.violations()).length
    const answer = await world.api(access, 'GET', '/contacts/a/b/c/d')
    expect([answer.status, answer.body]).toEqual([404, { statusCode: 404, message: 'Cannot GET /contacts/a/b/c/d' }])
    expect((await world.crm.violations()).slice(before)).toMatchObject([
      { where: 'unknown-path', path: '/contacts/a/b/c/d' },
    ])
    expect(world.log.at(-1)).toMatch(/unknown-path/)
  })
})

it('a sub-account that was deleted is 404 to its tokens', async () => {
  const gone = await world.crm.createSubAccount('Gone')
  const token = await world.installed(gone.id)
  await world.crm.deleteSubAccount(gone.id)
  expect((await world.api(token, 'GET', `/locations/${gone.id}`)).status).toBe(404)
})

describe('bodies', () => {
  it('unknown keys are 422 and a violation; elsewhere than contacts a switch allows them', async () => {
    const { api, crm } = world
    const odd = { locationId: place, phone: '+12025550150', foo: 1 }
    const refused = await api(access, 'POST', '/contacts/upsert', odd)
    expect([refused.status, refused.body.message]).toEqual([422, ['property foo should not exist']])
    expect((await crm.violations()).at(-1)).toMatchObject({
      where: 'request',
      complaints: ['property foo should not exist'],
    })
    const contact = await crm.createContact(place, { name: 'Loose', phone: '+12025550151' })
    const inbound = {
      type: 'SMS',
      contactId: contact.id,
      conversationProviderId: world.app.registration.providerId,
      message: 'm',
      direction: 'inbound',
      status: 'delivered',
    }
    expect((await api(access, 'POST', '/conversations/messages/inbound', inbound)).status).toBe(422)
    await crm.set({ validation: { strictKeys: 'contacts' } })
    expect((await api(access, 'POST', '/conversations/messages/inbound', inbound)).status).toBe(201)
    expect((await api(access, 'POST', '/contacts/upsert', odd)).status).toBe(422)
    await crm.set({ validation: { strictKeys: 'all' } })
  })

  it('a Version other than the declared one is served, and counted', async () => {
    const answer = await world.api(access, 'GET', `/locations/${place}`, undefined, { Version: '2023-02-21' })
    expect(answer.status).toBe(200)
    expect((await world.crm.violations()).at(-1)?.complaints).toEqual([
      'Version 2023-02-21 where 2021-07-28 is declared',
    ])
  })

  it('providers that are not ours', async () => {
    const { api, crm, app } = world
    const contact = await crm.createContact(place, { name: 'Prov Ider', phone: '+12025550152' })
    const send = (more: object) =>
      api(access, 'POST', '/conversations/messages/inbound', {
        type: 'SMS',
        contactId: contact.id,
        direction: 'inbound',
        ...more,
      })
    expect((await send({ conversationProviderId: 'x' })).body.message).toBe('Invalid conversationProviderId')
    const email = await send({ type: 'Email', conversationProviderId: app.registration.providerId })
    expect(email.body.message).toBe('Incorrect conversationProviderId/type')
    await crm.set({ messages: { badProviderStatus: 500 } })
    expect((await send({ conversationProviderId: 'x' })).status).toBe(500)
    await crm.set({ messages: { badProviderStatus: 400 } })
    const bare = await api(access, 'POST', '/conversations/messages', {
      type: 'SMS',
      contactId: contact.id,
      message: 'x',
    })
    expect(bare.body.message).toBe('No conversationProviderId passed in body')
  })
})

describe('contacts', () => {
  it('duplicates are refused with who it would double, unless the sub-account allows them', async () => {
    const { api, crm } = world
    const body = { locationId: place, phone: '+12025550160', firstName: 'First' }
    const created = await api(access, 'POST', '/contacts/', body)
    expect(created.status).toBe(201)
    const { id } = created.body.contact as { id: string }
    const again = await api(access, 'POST', '/contacts/', body)
    expect([again.status, again.body.meta]).toEqual([
      400,
      { contactId: id, contactName: 'First', matchingField: 'phone' },
    ])
    const found = await api(access, 'GET', `/contacts/search/duplicate?locationId=${place}&number=%2B12025550160`)
    expect(found.body.contact).toMatchObject({ id })
    await crm.changeSubAccount(place, { allowDuplicateContact: true })
    expect((await api(access, 'POST', '/contacts/', body)).status).toBe(201)
    await crm.changeSubAccount(place, { allowDuplicateContact: false })
  })

  it('upsert overwrites tags; the tag endpoints do not', async () => {
    const { api, crm, app } = world
    const phone = '+12025550161'
    const contact = await crm.createContact(place, { name: 'Tag Ged', phone, tags: ['VIP', 'lead'] })
    const added = await api(access, 'POST', `/contacts/${contact.id}/tags`, { tags: ['WhatsApp'] })
    expect([added.status, added.body.tags]).toEqual([201, ['vip', 'lead', 'whatsapp']])
    await app.hears((one) => one.body.type === 'ContactTagUpdate' && one.body.id === contact.id)
    expect((await api(access, 'DELETE', `/contacts/${contact.id}/tags`, { tags: ['lead'] })).body.tags).toEqual([
      'vip',
      'whatsapp',
    ])
    const upserted = await api(access, 'POST', '/contacts/upsert', { locationId: place, phone, tags: ['only'] })
    expect([upserted.body.new, (upserted.body.contact as { tags: string[] }).tags]).toEqual([false, ['only']])
    const bulk = { contacts: [contact.id, 'nobody'], tags: ['bulk'], locationId: place }
    const answer = await api(access, 'POST', '/contacts/bulk/tags/update/add', bulk)
    expect([answer.status, answer.body]).toEqual([201, { succeded: false, errorCount: 1, responses: [contact.id] }])
  })

  it('locationId in an update is refused; permanent DND stays', async () => {
    const { api, crm } = world
    const contact = await crm.createContact(place, { name: 'Up Date', phone: '+12025550162' })
    const path = `/contacts/${contact.id}`
    expect((await api(access, 'PUT', path, { locationId: place })).body.message).toEqual([
      'property locationId should not exist',
    ])
    const updated = await api(access, 'PUT', path, { firstName: 'New' })
    expect(updated.body).toMatchObject({ succeded: true, contact: { firstName: 'New', lastName: 'Date' } })
    await crm.changeContact(contact, { dndSettings: { SMS: { status: 'permanent' } } })
    const dnd = await api(access, 'PUT', path, { dndSettings: { SMS: { status: 'inactive' } } })
    expect(dnd.body.message).toBe('Not authorized to update permanent dnd setting for SMS')
    const note = await api(access, 'POST', `${path}/notes`, { body: 'Called' })
    expect([note.status, (await api(access, 'GET', `${path}/notes`)).body.notes]).toMatchObject([
      201,
      [{ body: 'Called' }],
    ])
    expect((await api(access, 'DELETE', path)).body).toMatchObject({ succeded: true })
    expect((await api(access, 'GET', path)).status).toBe(400)
  })

  it('search, list and users answer what the published API says', async () => {
    const { api, crm } = world
    const own = world.emulator.crm.store.locations.get(place)
    const found = await api(access, 'POST', '/contacts/search', {
      locationId: place,
      page: 1,
      pageLimit: 5,
      filters: [{ field: 'phone', operator: 'eq', value: '+12025550161' }],
    })
    expect(found.body).toMatchObject({ total: 1 })
    expect((await api(access, 'GET', `/contacts/?locationId=${place}&limit=2`)).body.contacts).toHaveLength(2)
    const users = await api(access, 'GET', `/users/search?companyId=${own?.companyId}&locationId=${place}`)
    expect(users.body).toMatchObject({ count: 4 })
    expect((await api(access, 'GET', `/users/?locationId=${place}`)).body.users).toHaveLength(4)
    const channels = await api(access, 'GET', `/locations/${place}/conversationChannels/SMS`, undefined, {
      Version: 'v3',
    })
    expect(channels.body).toMatchObject({
      conversationChannel: { SMS: [{ conversationProvider: { default: true } }, {}, {}] },
    })
    await crm.changeSubAccount(place, { smsProviderId: world.app.registration.smsProviderId })
    const contact = await crm.createContact(place, { name: 'Sms Default', phone: '+12025550163' })
    const message = await crm.write(contact, 'by the default', { channel: 'sms' })
    const delivery = await world.app.hears(
      (one) => one.body.messageId === message.id && one.path.includes('/delivery/'),
    )
    expect(delivery.body.conversationProviderId).toBe(world.app.registration.smsProviderId)
    const inbound = { type: 'SMS', contactId: contact.id, message: 'no id needed', direction: 'inbound' }
    expect((await api(access, 'POST', '/conversations/messages/inbound', inbound)).body.success).toBe(true)
  })
})

describe('messages', () => {
  it('statuses: the enum, `sent` by switch, only our messages', async () => {
    const { api, crm } = world
    const contact = await crm.createContact(place, { name: 'Sta Tus', phone: '+12025550170' })
    const message = await crm.write(contact, 'x')
    const put = (id: string, body: object) => api(access, 'PUT', `/conversations/messages/${id}/status`, body)
    expect((await put(message.id, { status: 'sent' })).status).toBe(422)
    expect((await put(message.id, { status: 'failed', error: { code: 'x' } })).status).toBe(422)
    expect((await put(message.id, { status: 'read' })).status).toBe(200)
    expect((await put('unknown', { status: 'read' })).body.message).toBe(
      'No conversation provider found for this message',
    )
    await crm.changeSubAccount(place, { smsProviderId: 'twilio_provider' })
    const theirs = await crm.write(contact, 'by Twilio', { channel: 'sms' })
    expect((await put(theirs.id, { status: 'read' })).status).toBe(403)
  })

  it('a call made elsewhere is a line in the conversation, typing is for the live chat', async () => {
    const { api, crm, app } = world
    const contact = await crm.createContact(place, { name: 'Cal Led', phone: '+12025550192' })
    const { conversationId } = await crm.write(contact, 'call me')
    const conversationProviderId = app.registration.providerId
    const called = await api(access, 'POST', '/conversations/messages/outbound', {
      ...{ type: 'Call', conversationId, conversationProviderId, altId: 'call-1' },
      call: { to: contact.phone, from: '+12025550100', status: 'completed' },
    })
    expect([called.status, called.body]).toEqual([200, expect.objectContaining({ success: true, conversationId })])
    const listed = await api(access, 'GET', `/conversations/messages/${String(called.body.messageId)}`)
    expect(listed.body).toMatchObject({ direction: 'outbound', altId: 'call-1' })

    const path = '/conversations/providers/live-chat/typing'
    const typing = { locationId: place, conversationId, visitorId: 'visitor', isTyping: 'true' }
    expect((await api(access, 'POST', path, typing)).body.message).toBe('The token is not authorized for this scope.')
    const chatting = await granted('conversations/livechat.write')
    const shown = await api(chatting, 'POST', path, typing)
    expect([shown.status, shown.body]).toEqual([201, { success: true }])
    expect((await api(chatting, 'POST', path, { ...typing, isTyping: undefined })).status).toBe(422)
  })

  it('lists: flat by switch, altId hidden or late, newest missing for a while', async () => {
    const { api, crm, app } = world
    const contact = await crm.createContact(place, { name: 'Li Sted', phone: '+12025550171' })
    const posted = await api(access, 'POST', '/conversations/messages/inbound', {
      type: 'SMS',
      contactId: contact.id,
      conversationProviderId: app.registration.providerId,
      message: 'm',
      direction: 'inbound',
      altId: 'alt-1',
    })
    const path = `/conversations/${String(posted.body.conversationId)}/messages`
    type Listed = { messages: { altId?: string }[] }
    const list = async () => ((await api(access, 'GET', path)).body.messages as Listed).messages.map((one) => one.altId)
    expect(await list()).toEqual(['alt-1'])
    await crm.set({ messages: { altId: 'hidden' } })
    expect(await list()).toEqual([undefined])
    await crm.set({ messages: { altId: 'eventual', altIdDelayMs: 150 } })
    await expect.poll(list, { interval: 30 }).toEqual(['alt-1'])
    await crm.set({ messages: { altId: 'returned', listLagMs: 600_000 } })
    expect(await list()).toEqual([])
    await crm.set({ messages: { listLagMs: 0, shape: 'flat' } })
    expect((await api(access, 'GET', path)).body).toMatchObject({
      lastMessageId: posted.body.messageId,
      nextPage: false,
    })
    await crm.set({ messages: { shape: 'nested' } })
    const exported = await api(
      access,
      'GET',
      `/conversations/messages/export?locationId=${place}&contactId=${contact.id}&limit=10`,
    )
    expect(exported.body).toMatchObject({ total: 1, messages: [{ id: posted.body.messageId }] })
    expect((await api(access, 'GET', `/conversations/messages/${String(posted.body.messageId)}`)).body).toMatchObject({
      body: 'm',
    })
  })

  it('internal comments stay inside', async () => {
    const { api, crm, app } = world
    const contact = await crm.createContact(place, { name: 'Com Ment', phone: '+12025550172' })
    const user = (await crm.state()).users[0]
    const comment = {
      type: 'InternalComment',
      contactId: contact.id,
      message: 'Number disconnected',
      mentions: [user?.id],
      userId: user?.id,
    }
    const sent = await api(access, 'POST', '/conversations/messages', comment)
    const event = await app.hears((one) => one.body.messageId === sent.body.messageId)
    expect(event.body).toMatchObject({ type: 'OutboundMessage', messageType: 'InternalComment', messageTypeId: 37 })
    await crm.webhooksIdle()
    expect(
      app.heard.filter((one) => one.path.includes('/delivery/') && one.body.messageId === sent.body.messageId),
    ).toEqual([])
  })

  it('uploads: served back, too large 413, WEBP 415', async () => {
    const { api, crm } = world
    const contact = await crm.createContact(place, { name: 'Up Load', phone: '+12025550173' })
    const upload = (name: string, bytes: number) => {
      const form = new FormData()
      form.set('fileAttachment', new File([Buffer.alloc(bytes, 'x')], name, { type: 'text/plain' }))
      form.set('locationId', place)
      form.set('contactId', contact.id)
      return api(access, 'POST', '/conversations/messages/upload', form)
    }
    const good = await upload('note.txt', 12)
    const [url = ''] = Object.values(good.body.uploadedFiles as Record<string, string>)
    expect(await (await fetch(url)).text()).toBe('x'.repeat(12))
    expect((await upload('big.pdf', 5 * 1024 * 1024 + 1)).body).toEqual({
      status: 413,
      message: 'Failed to upload the files',
    })
    expect((await upload('sticker.webp', 10)).status).toBe(415)
  })
})

it('user data is what CryptoJS would have made', async () => {
  const salt = Buffer.from('0001020304050607', 'hex')
  const made = encryptUserData('00000000-1111-4222-8333-444444444444', '{"userId":"aG5bH6cJ7dK8eL9fM1nP"}', salt)
  expect(made.startsWith('U2FsdGVkX18AAQIDBAUGB+G5Xiv2XH4PUM1vU/kuk3Hm53xqvCgBal0Vmj')).toBe(true)
  const { crm, app } = world
  const agent = (await crm.state()).users.find((user) => user.owner)
  const payload = await crm.ssoPayload({ user: agent?.id ?? '', location: place })
  const plain = JSON.parse(decryptUserData(app.registration.ssoSecret, payload)) as object
  expect(plain).toMatchObject({
    userId: agent?.id,
    type: 'agency',
    role: 'admin',
    isAgencyOwner: true,
    activeLocation: place,
  })
})

it('no answer of the emulator breaks the published contract', async () => {
  expect((await world.crm.violations()).filter((one) => one.where === 'answer')).toEqual([])
})
