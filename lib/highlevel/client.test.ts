import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectCrm, type CrmClient } from '@/e2e/emulators/highlevel/client'
import { startHighLevelEmulator, type HighLevelEmulator } from '@/e2e/emulators/highlevel/server'
import { systemClock } from '@/lib/clock'
import type { ContactId, CrmMessageId, LocationId } from '@/lib/ids'
import { silentLog } from '@/lib/log'
import { createHighLevel, type HighLevelOptions } from './client'
import { CrmError, type CrmLimits, type SubAccountApi } from './highlevel'
import { createOAuth } from './oauth'
import { createRequester, waitOf } from './request'
import { createTransport, type Timeouts } from './transport'

const app = {
  clientId: '66f2c1d4a9b37e0d5c8f1a20-test',
  clientSecret: 'client-secret',
  ssoSecret: 'sso-secret',
  providerId: '670c1e9ab45d2f7e83a09c14',
  redirectUri: 'http://127.0.0.1:9/oauth/callback',
  webhookUrl: 'http://127.0.0.1:9/webhooks',
  deliveryUrl: 'http://127.0.0.1:9/delivery',
  customPageUrl: 'http://127.0.0.1:9/embed',
}
const transport = createTransport()
let emulator: HighLevelEmulator
let crm: CrmClient
let location: LocationId
let api: SubAccountApi
let token: string
const exhausted: number[] = []
const announced: CrmLimits[] = []
let isFailing = false
const told: string[] = []
let replaced = 0

function apiOver(apiUrl: string, more: Partial<HighLevelOptions> = {}): SubAccountApi {
  const options: HighLevelOptions = {
    apiUrl,
    providerId: app.providerId,
    tokens: {
      accessToken: () => Promise.resolve(token),
      replace: async () => {
        replaced++
        token = (await oauth().refresh(refreshToken, 'Location').then(keep)).accessToken
        return token
      },
    },
    budget: {
      take: () => Promise.resolve({ isFailing }),
      announced: (_id, limits) => Promise.resolve(void announced.push(limits)),
      exhausted: (_id, ms) => Promise.resolve(void exhausted.push(ms)),
      failing: () => Promise.resolve(void told.push('failing')),
      recovered: () => Promise.resolve(void told.push('recovered')),
    },
    clock: systemClock,
    log: silentLog,
    transport,
    ...more,
  }
  return createHighLevel(options).forSubAccount(location)
}
let refreshToken = ''
const keep = <G extends { refreshToken: string | null }>(grant: G) => {
  refreshToken = grant.refreshToken ?? ''
  return grant
}
const oauth = () =>
  createOAuth({
    requester: createRequester(emulator.apiUrl, transport),
    authorizeUrl: emulator.authorizeUrl,
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUri: app.redirectUri,
  })

beforeAll(async () => {
  emulator = await startHighLevelEmulator({ app, timings: { webhookScale: 0.0001 }, log: () => {} })
  crm = connectCrm(emulator.url)
  location = (await crm.state()).locations[0]!.id as LocationId
  // As a browser's form does; nobody listens at the callback, so the code is read off the redirect.
  const url = new URL(oauth().authorizeUrl('some-state'))
  const form = new URLSearchParams([...url.searchParams, ['choice', `location:${location}`]])
  const approved = await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
  const code = new URL(approved.headers.get('location')!).searchParams.get('code')!
  token = keep(await oauth().exchangeCode(code)).accessToken
  api = apiOver(emulator.apiUrl)
})
afterAll(async () => {
  expect(await crm.violations()).toEqual([])
  transport.close()
  await emulator.close()
})
beforeEach(async () => {
  await crm.clearFaults()
})

const at = new Date('2026-09-14T10:25:02.000Z')
let next = 10
const aPhone = () => `+120255501${next++}`
const aMessage = (contactId: ContactId, change: object = {}) => ({
  contactId,
  direction: 'inbound' as const,
  text: 'Hi, is Tuesday still free?',
  outsideId: `wa-${next++}`,
  at,
  ...change,
})
const aContact = async () => (await api.createContact({ name: 'Pat Doe', phone: aPhone(), source: 'WhatsApp' })).id

describe('contacts', () => {
  test('are created, found by phone, read and tagged', async () => {
    const phone = aPhone()
    expect(await api.findContactByPhone(phone)).toBeNull()
    const created = await api.createContact({ name: 'Sam Lee', phone, source: 'WhatsApp' })
    expect(created).toMatchObject({ name: 'Sam Lee', phone, dnd: false, tags: [] })
    expect((await api.findContactByPhone(phone))?.id).toBe(created.id)
    await api.addTags(created.id, ['whatsapp'])
    expect((await api.getContact(created.id)).tags).toEqual(['whatsapp'])
  })

  test('that exist already are answered instead of made twice', async () => {
    const phone = aPhone()
    const first = await api.createContact({ name: 'Sam Lee', phone, source: 'WhatsApp' })
    const again = await api.createContact({ name: 'Sam L', phone, source: 'WhatsApp' })
    expect(again.id).toBe(first.id)
    expect(again.name).toBe('Sam Lee')
  })

  test('may have no phone', async () => {
    expect((await api.createContact({ name: 'No Phone', phone: null, source: 'WhatsApp' })).phone).toBeNull()
  })

  test('that are gone cannot be had by trying again', async () => {
    await expect(api.getContact('nobody00000000000000' as ContactId)).rejects.toMatchObject({ kind: 'refused' })
  })
})

describe('messages', () => {
  test('appear in the conversation with their direction, time and outside id', async () => {
    const contactId = await aContact()
    const message = aMessage(contactId)
    const added = await api.addMessage(message)
    const posted = await crm.waitForMessage((one) => one.messageId === added.crmMessageId)
    expect(posted).toMatchObject({ direction: 'inbound', altId: message.outsideId, text: message.text, via: 'inbound' })
    expect(posted.date).toBe(at.toISOString())
    expect(await api.getMessage(added.crmMessageId)).toEqual({
      id: added.crmMessageId,
      locationId: location,
      contactId,
      direction: 'inbound',
      text: message.text,
      isOurs: true,
    })
  })

  test('typed on the phone are outbound and come back through no delivery', async () => {
    const added = await api.addMessage(aMessage(await aContact(), { direction: 'outbound' }))
    expect(await api.getMessage(added.crmMessageId)).toMatchObject({ direction: 'outbound' })
  })

  test('with an empty list of attachments are not refused for it', async () => {
    await api.addMessage(aMessage(await aContact(), { attachments: [] }))
  })

  test.each(['nested', 'flat'] as const)('are found again after an answer got lost (%s lists)', async (shape) => {
    await crm.set({ messages: { shape } })
    const message = aMessage(await aContact())
    expect(await api.findMessage(message)).toBeNull()
    await crm.fault('drop-after', { path: '/messages/inbound$', times: 1 })
    await expect(api.addMessage(message)).rejects.toMatchObject({ kind: 'unknown' })
    const found = await api.findMessage(message)
    expect(found).not.toBeNull()
    expect((await api.getMessage(found!)).text).toBe(message.text)
    expect(await api.findMessage({ ...message, outsideId: 'another' })).toBeNull()
  })

  test('are found by their words where the CRM shows no outside ids', async () => {
    await crm.set({ messages: { altId: 'hidden' } })
    const message = aMessage(await aContact())
    const added = await api.addMessage(message)
    expect(await api.findMessage(message)).toBe(added.crmMessageId)
    expect(await api.findMessage({ ...message, text: 'Something else' })).toBeNull()
    await crm.set({ messages: { altId: 'returned' } })
  })

  test.each([
    ['drop-before' as const, {}],
    ['empty-201' as const, {}],
    ['status' as const, { status: 500 }],
  ])('whose outcome nobody knows say so: %s', async (kind, rule) => {
    const contactId = await aContact()
    await crm.fault(kind, { path: '/messages/inbound$', times: 1, ...rule })
    await expect(api.addMessage(aMessage(contactId))).rejects.toMatchObject({ kind: 'unknown' })
  })

  test('to an unknown contact are refused for good', async () => {
    const error = await api.addMessage(aMessage('nobody00000000000000' as ContactId)).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ kind: 'refused', status: 400 })
  })
})

describe('statuses', () => {
  test('wait until the CRM knows the message, and carry what failed', async () => {
    await crm.set({ messages: { statusRaceMs: 600_000 } })
    const contact = await crm.createContact(location, { name: 'Race', phone: aPhone() })
    const message = await crm.write(contact, 'Hello')
    const id = message.id as CrmMessageId
    await expect(api.setMessageStatus(id, 'delivered')).rejects.toMatchObject({ kind: 'not_yet' })
    await crm.set({ messages: { statusRaceMs: 0 } })
    await api.setMessageStatus(id, 'delivered')
    await api.setMessageStatus(id, 'failed', { code: 'not_on_whatsapp', message: 'The number is not on WhatsApp.' })
    const pushed = await crm.waitForStatus((one) => one.messageId === id && one.status === 'failed')
    expect(pushed.error).toMatchObject({ code: 'not_on_whatsapp', message: 'The number is not on WhatsApp.' })
  })

  test('that got no answer may simply be sent again', async () => {
    const contact = await crm.createContact(location, { name: 'Again', phone: aPhone() })
    const message = await crm.write(contact, 'Hello')
    await crm.fault('drop-after', { method: 'PUT', path: '/status$', times: 1 })
    await expect(api.setMessageStatus(message.id as CrmMessageId, 'read')).rejects.toMatchObject({ kind: 'try_later' })
  })
})

test('users and the sub-account itself are read', async () => {
  const users = await api.listUsers()
  expect(users.find((user) => user.name === 'Kim Roe')).toMatchObject({ role: 'admin', type: 'account' })
  expect(await api.getLocation()).toEqual({ name: 'Harbour Dental', timezone: 'America/Chicago', country: 'US' })
})

describe('what the CRM refuses', () => {
  test('an expired token is replaced once and the call repeated', async () => {
    await crm.expireTokens({ locationId: location })
    const before = replaced
    await api.getLocation()
    expect(replaced).toBe(before + 1)
  })

  test('a token it keeps refusing ends as unauthorised after one replacement', async () => {
    const before = replaced
    await crm.fault('status', {
      path: '^/locations/',
      status: 401,
      body: { statusCode: 401, message: 'Invalid token: access token is invalid' },
    })
    await expect(api.getLocation()).rejects.toMatchObject({ kind: 'unauthorised', status: 401 })
    expect(replaced).toBe(before + 1)
  })

  test.each<[number, string, string]>([
    [401, 'The token is not authorized for this scope.', 'unauthorised'],
    [401, 'version header is invalid', 'refused'],
    [403, 'The token does not have access to this location.', 'unauthorised'],
    [400, 'Location is not active', 'suspended'],
    [404, 'Not found', 'suspended'],
    [422, 'property foo should not exist', 'refused'],
    [500, 'Internal server error', 'try_later'],
    [503, '', 'try_later'],
    [302, '', 'refused'],
  ])('%i %s is %s, without another token', async (status, message, kind) => {
    const before = replaced
    await crm.fault('status', { path: '^/locations/', status, body: { statusCode: status, message } })
    await expect(api.getLocation()).rejects.toMatchObject({ kind, status })
    expect(replaced).toBe(before)
  })

  test('too many requests tell the budget and say when to come back', async () => {
    await crm.exhaustDay(location)
    exhausted.length = 0
    const error = await api.getLocation().catch((caught: unknown) => caught)
    await crm.exhaustDay(location, false)
    expect(error).toMatchObject({ kind: 'try_later', status: 429 })
    expect(exhausted).toEqual([(error as CrmError).retryAfterMs])
    expect(exhausted[0]).toBeGreaterThanOrEqual(60_000)
  })

  test('what an answer says of the limits is passed on, whatever else it says', async () => {
    announced.length = 0
    await api.getLocation()
    await crm.fault('status', { path: '^/locations/', status: 500, times: 1 })
    await expect(api.getLocation()).rejects.toMatchObject({ status: 500 })
    expect(announced).toMatchObject([
      { most: 100, withinMs: 10_000, daily: 200_000, dailyLeft: expect.any(Number) },
      {},
    ])
  })

  test.each<[Record<string, string>, number]>([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'x-ratelimit-interval-milliseconds': '10000', 'x-ratelimit-daily-remaining': '5' }, 10_000],
    [{ 'x-ratelimit-daily-remaining': '0' }, 3_600_000],
    [{ 'x-ratelimit-daily-remaining': '0', 'x-ratelimit-daily-reset': '90' }, 90_000],
    [{ 'x-ratelimit-daily-remaining': '0', 'x-ratelimit-daily-reset': '1700000120' }, 120_000],
    [{ 'retry-after': 'soon' }, 10_000],
    [{}, 10_000],
  ])('a 429 with %o waits %i ms', (headers, ms) => expect(waitOf(headers, 1_700_000_000_000)).toBe(ms))

  test('its words reach our errors only where we know them', async () => {
    await crm.fault('status', {
      path: '^/locations/',
      status: 400,
      body: { message: 'Contact +12025550123 Pat Doe is bad' },
    })
    const error = await api.getLocation().catch((caught: unknown) => caught as CrmError)
    expect((error as CrmError).message).not.toMatch(/Pat|2025550123/)
  })
})

describe('a server that misbehaves', () => {
  async function against(
    listener: RequestListener,
    ask: (api: SubAccountApi) => Promise<unknown>,
    timeouts?: Timeouts,
  ) {
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const own = createTransport({ maxAnswerBytes: 10_000, ...(timeouts ? { timeouts } : {}) })
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      return await ask(apiOver(url, { transport: own })).catch((caught: unknown) => caught)
    } finally {
      own.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  const read = (one: SubAccountApi) => one.getLocation()

  test.each<[string, RequestListener]>([
    ['no JSON', (_, answer) => answer.end('<html>')],
    ['nothing', (_, answer) => answer.end()],
    ['another shape', (_, answer) => answer.end('{"location":[]}')],
    ['too much', (_, answer) => answer.end(JSON.stringify({ location: { name: 'x'.repeat(20_000) } }))],
    [
      'half an answer',
      (_, answer) => (answer.writeHead(200, { 'content-length': '100' }), answer.write('{'), answer.destroy()),
    ],
  ])('%s is an error we know', async (_name, listener) => {
    expect(await against(listener, read)).toMatchObject({ name: 'CrmError', kind: 'try_later' })
  })

  test('a redirect is not followed', async () => {
    let asked = 0
    const error = await against((_, answer) => {
      asked++
      answer.writeHead(302, { location: '/elsewhere' }).end()
    }, read)
    expect(error).toMatchObject({ kind: 'refused', status: 302 })
    expect(asked).toBe(1)
  })

  test('silence ends in time, and a message may have been added meanwhile', async () => {
    const timeouts = { connectMs: 100, totalMs: 200 }
    expect(await against(() => {}, read, timeouts)).toMatchObject({ kind: 'try_later' })
    const add = (one: SubAccountApi) => one.addMessage(aMessage('someone0000000000000' as ContactId))
    expect(await against(() => {}, add, timeouts)).toMatchObject({ kind: 'unknown' })
  })

  test('a message that never left is known not to have', async () => {
    const gone = apiOver('http://127.0.0.1:9')
    await expect(gone.addMessage(aMessage('someone0000000000000' as ContactId))).rejects.toMatchObject({
      kind: 'try_later',
    })
  })

  test('only documented headers and keys are sent', async () => {
    const seen: { headers: Record<string, unknown>; body: unknown }[] = []
    await against(
      (incoming, answer) => {
        let text = ''
        incoming.on('data', (chunk) => (text += chunk))
        incoming.on('end', () => {
          seen.push({ headers: incoming.headers, body: JSON.parse(text) })
          answer.end('{"messageId":"m","conversationId":"c"}')
        })
      },
      (one) => one.addMessage({ contactId: 'c1' as ContactId, direction: 'inbound', text: 'x', outsideId: 'wa-1', at }),
    )
    expect(seen[0]!.headers).toMatchObject({ version: '2021-04-15', authorization: `Bearer ${token}` })
    expect(seen[0]!.body).toEqual({
      type: 'SMS',
      contactId: 'c1',
      conversationProviderId: app.providerId,
      message: 'x',
      direction: 'inbound',
      altId: 'wa-1',
      date: '2026-09-14T10:25:02.000Z',
    })
  })
})

describe('a CRM that fails', () => {
  const ask = () => apiOver(emulator.apiUrl).getLocation()
  const failed = async (status: number) => {
    await crm.fault('status', { status, times: 1 })
    return await ask().then(
      () => null,
      (error: unknown) => (error instanceof CrmError ? error.isCounted : null),
    )
  }
  beforeEach(() => {
    isFailing = false
    told.length = 0
  })

  test('fails at this one, as long as it is not known to fail at all', async () => {
    expect(await failed(500)).toBe(true)
    expect(await failed(429)).toBe(false)
    expect(await failed(404)).toBe(false)
    expect(told).toEqual([])
  })

  test('is said to fail on, or to have recovered, by the next call that may leave', async () => {
    isFailing = true
    expect(await failed(500)).toBe(false)
    expect(told).toEqual(['failing'])
    await ask()
    expect(await failed(404)).toBe(false)
    expect(told).toEqual(['failing', 'recovered', 'recovered'])
  })
})
