// Webhooks that are forged, unsigned, changed on the way, sent again, too large or no webhooks at all.
import { gzipSync } from 'node:zlib'
import { generateKeyPairSync, sign } from 'node:crypto'
import { plant } from '@/e2e/canaries'
import vectors from '@/lib/highlevel/fixtures/signature-vectors.json' with { type: 'json' }
import { expect, fresh, test } from '../../fixtures'
import { asJson, deliveryUrl, handOver, send, signIn, type Sending } from './wire'

const header = 'x-ghl-signature'

test('of fourteen ways to bring an event of the app, only the one that the CRM signed is believed', async ({
  crm,
  places,
  installed,
  agency,
}) => {
  const url = `${places.app}/api/webhooks/app`
  const token = await signIn(places.app, crm, installed.admin, installed.id)
  const isThere = async () => {
    const headers = { authorization: `Bearer ${token}` }
    return (await send(`${places.app}/api/v1/locations/${installed.id}`, { method: 'GET', headers })).status
  }
  // The event of the install comes a moment after it; later than the forged ones it would undo them.
  await crm.waitFor('webhook', ({ event, locationId }) => event === 'INSTALL' && locationId === installed.id)
  const event = {
    ...{ type: 'UNINSTALL', appId: 'a', locationId: installed.id, companyId: agency.company.id },
    ...{ timestamp: new Date().toISOString(), webhookId: `forged-${fresh()}`, share: 1.5 },
  }
  // Spaces and an exponent that writing it anew would not keep.
  const body = JSON.stringify(event, null, 1).replace('1.5', '1.50e0')
  const good = (await crm.sign(body))['X-GHL-Signature']!
  const wrong = (await crm.sign(body, 'wrong'))['X-GHL-Signature']!
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsaSignature = sign('sha256', Buffer.from(body), rsa.privateKey).toString('base64')
  const flipped = Buffer.from(body)
  flipped[flipped.length - 4]! ^= 1
  const of = (given: string | Buffer, headers: Sending['headers']): Sending => ({
    body: given,
    headers: { 'content-type': 'application/json', ...headers },
  })
  const [foreign] = vectors.vectors
  const cases: [string, Sending, number][] = [
    ['one bit of the body flipped', of(flipped, { [header]: good }), 401],
    ['the JSON written anew', of(JSON.stringify(JSON.parse(body)), { [header]: good }), 401],
    ['a wrong signature', of(body, { [header]: wrong }), 401],
    ['another key, which signed it well', of(foreign!.bodyUtf8, { [header]: foreign!.signatureBase64 }), 401],
    ['no signature', of(body, {}), 401],
    ['an empty signature', of(body, { [header]: '' }), 401],
    ['N/A', of(body, { [header]: 'N/A' }), 401],
    ['the older header only', of(body, { 'x-wh-signature': rsaSignature }), 401],
    ['the good signature in the older header', of(body, { 'x-wh-signature': good }), 401],
    ['both headers, ours wrong', of(body, { [header]: wrong, 'x-wh-signature': rsaSignature }), 401],
    ['more than a mebibyte', of(body + ' '.repeat(1_100_000), { [header]: good }), 413],
    [
      'a byte order mark before it',
      of(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(body)]), { [header]: good }),
      401,
    ],
    ['two signatures', of(body, { [header]: [good, wrong] }), 401],
    ['compressed on the way', of(gzipSync(body), { [header]: good, 'content-encoding': 'gzip' }), 401],
  ]
  for (const [name, sending, status] of cases) expect([name, (await send(url, sending)).status]).toEqual([name, status])
  const unannounced = { ...of(body + ' '.repeat(2_000_000), { [header]: good }), chunked: true }
  expect((await send(url, unannounced)).status).toBe(413)
  expect(await isThere()).toBe(200)

  expect((await handOver(url, of(body, { [header]: good }))).status).toBe(200)
  await expect.poll(isThere).toBe(401)
})

test('signed nonsense is answered and changes nothing', async ({ crm, places, installed }) => {
  const url = `${places.app}/api/webhooks/app`
  const token = await signIn(places.app, crm, installed.admin, installed.id)
  const at = { locationId: installed.id, webhookId: fresh() }
  const bodies = [
    ...['', ' ', '{', 'null', '[]', '"INSTALL"', '1e999', '{"type":"INSTALL"', '\u0000'],
    ...['['.repeat(50_000), '{"a":'.repeat(20_000), `{"type":"${'x'.repeat(100_000)}"}`],
    ...[{}, { type: 7 }, { type: 'INSTALL' }, { type: 'UNINSTALL' }, { type: 'ContactDelete' }].map((each) =>
      JSON.stringify(each),
    ),
    ...[
      { type: 'UNINSTALL', locationId: { $ne: null } },
      { type: 'UNINSTALL', locationId: ['x'] },
    ].map((each) => JSON.stringify(each)),
    JSON.stringify({ type: 'UNINSTALL', locationId: `${installed.id}' or '1'='1`, webhookId: at.webhookId }),
    `{"type":"ContactUpdate","locationId":"${installed.id}","id":"c\\u0000d","webhookId":"${fresh()}"}`,
    `{"__proto__":{"type":"UNINSTALL"},"locationId":"${installed.id}","webhookId":"${fresh()}"}`,
    JSON.stringify({ ...at, type: 'SomethingNobodyHeardOf', timestamp: 'yesterday' }),
  ]
  for (const body of bodies) {
    const headers = { ...(await crm.sign(body)), 'content-type': 'application/json' }
    const { status, text } = await handOver(url, { body, headers })
    expect([body.slice(0, 80), [200, 400].includes(status), text.length < 300]).toEqual([body.slice(0, 80), true, true])
  }
  // Bytes that are no text cannot be signed by the control API; unsigned they must not be read at all.
  expect((await send(url, { body: Buffer.from([0xff, 0xfe, 0x00, 0x7b]) })).status).toBe(401)
  const headers = { authorization: `Bearer ${token}` }
  expect((await send(`${places.app}/api/v1/locations/${installed.id}`, { method: 'GET', headers })).status).toBe(200)
})

test('a forged message to deliver sends nothing, whatever it says of itself', async ({
  crm,
  phones,
  places,
  installed,
  openApp,
  newPhone,
}) => {
  const [business, ana] = [await newPhone(), await newPhone()]
  await (await openApp(installed)).link('Sales', business)
  const contact = await crm.createContact(installed.id, { name: 'Ana', phone: `+${ana.number}` })
  const bob = await newPhone()
  const other = await crm.createContact(installed.id, { name: 'Bob', phone: `+${bob.number}` })
  const genuine = await crm.write(contact, 'genuine')
  await ana.waitForText(business, 'genuine')

  const since = await phones.position()
  const url = deliveryUrl(places.app)
  const message = (change: object = {}) => ({
    ...{ contactId: contact.id, locationId: installed.id, messageId: `forged${fresh()}`, type: 'SMS' },
    ...{ phone: contact.phone, message: 'forged', attachments: [], userId: installed.admin.id, ...change },
  })
  const signed = async (body: string, mode?: 'wrong' | 'N/A') => asJson(body, await crm.sign(body, mode))
  const plain = JSON.stringify(message())
  // Held until the CRM knows them, which it never will; meanwhile they keep their contact's lane.
  const unknown = () => message({ contactId: other.id, phone: other.phone })
  const cases: [string, string, Sending, number][] = [
    ['a wrong signature', url, await signed(plain, 'wrong'), 401],
    ['a path that is not ours', `${url.slice(0, -1)}${url.endsWith('0') ? '1' : '0'}`, await signed(plain), 404],
    ['no path at all', url.slice(0, url.lastIndexOf('/')), await signed(plain), 404],
    ['unsigned, of a message that is unknown', url, asJson(unknown()), 200],
    ['N/A, of a message that is unknown', url, await signed(JSON.stringify(unknown()), 'N/A'), 200],
    ['unsigned, of a message that says something else', url, asJson(message({ messageId: genuine.id })), 200],
    ['for a sub-account without the app', url, asJson(message({ locationId: `nowhere${fresh()}` })), 200],
    ['no JSON', url, asJson('{'), 400],
    ['no message', url, asJson({ type: 'SMS' }), 400],
    ['text that is no text', url, asJson(message({ message: { text: 'forged' } })), 400],
    ['too large', url, asJson(message({ message: 'x'.repeat(1_100_000) })), 413],
  ]
  for (const [name, at, sending, status] of cases)
    expect([name, (await handOver(at, sending)).status]).toEqual([name, status])

  // What comes after them in the same chat goes, once, and nothing of them went before it.
  await crm.write(contact, 'genuine again')
  await ana.waitForText(business, 'genuine again')
  expect((await ana.chat(business)).map((bubble) => bubble.text)).toEqual(['genuine', 'genuine again'])
  const left = (await phones.history(since)).filter(
    (event) => event.kind === 'message-from-companion' && event.number === business.number,
  )
  expect(left).toHaveLength(1)
  expect(await bob.chat(business)).toEqual([])
})

test('a webhook sent again, and again, is delivered once', async ({ crm, places, installed, openApp, newPhone }) => {
  const [business, ana] = [await newPhone(), await newPhone()]
  await (await openApp(installed)).link('Sales', business)
  const contact = await crm.createContact(installed.id, { name: plant('name'), phone: `+${ana.number}` })
  const message = await crm.write(contact, plant('body'))
  await ana.waitForText(business, plant('body'))
  await expect.poll(() => crm.taken(message)).toHaveLength(1)
  const [sent] = await crm.taken(message)
  for (let times = 2; times <= 3; times++) {
    expect(await crm.resendWebhook(String(sent!.webhookId))).toEqual({ found: true })
    await expect.poll(() => crm.taken(message)).toHaveLength(times)
  }

  const body = JSON.stringify({
    ...{ contactId: contact.id, locationId: installed.id, messageId: message.id, type: 'SMS' },
    ...{ phone: contact.phone, message: plant('body'), attachments: [], userId: installed.admin.id },
  })
  const bytes = asJson(body, await crm.sign(body))
  for (let again = 0; again < 5; again++) expect((await handOver(deliveryUrl(places.app), bytes)).status).toBe(200)

  await crm.write(contact, 'the next one')
  await ana.waitForText(business, 'the next one')
  expect((await ana.chat(business)).map((bubble) => bubble.text)).toEqual([plant('body'), 'the next one'])
})

test('text that no database and no phone expects arrives as it was written', async ({
  crm,
  installed,
  openApp,
  newPhone,
}) => {
  const [business, ana] = [await newPhone(), await newPhone()]
  await (await openApp(installed)).link('Sales', business)
  const contact = await crm.createContact(installed.id, { name: '<b>Ana</b>', phone: `+${ana.number}` })
  const texts = [
    `quotes ' " \\ ; -- $1 %s {{name}}`,
    '<script>alert(1)</script><img src=x onerror=alert(1)>',
    'مرحبا 👩‍👩‍👧 \u202eright to left\u202c',
    'line one\nline two\r\n\tindented',
    'x'.repeat(4_000),
  ]
  for (const text of texts) {
    await crm.write(contact, text)
    await ana.waitForText(business, (bubble) => bubble.text.replaceAll('\r\n', '\n') === text.replaceAll('\r\n', '\n'))
  }
  // What cannot be kept as it is must at least not stop what follows.
  for (const text of ['nul \u0000 byte', 'half a \ud83d surrogate']) await crm.write(contact, text)
  await crm.write(contact, 'still here')
  await ana.waitForText(business, 'still here')
})
