import { generateKeyPairSync, sign } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import posted from './fixtures/posted.json'
import vectors from './fixtures/signature-vectors.json'
import { isDeliverySecret, parseAppEvent, parseProviderMessage, parseWebhookKeys, verifySignature } from './webhook'

const ours = generateKeyPairSync('ed25519')
const foreign = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const spki = (key: typeof ours.publicKey) => key.export({ type: 'spki', format: 'der' }).toString('base64')
const keys = parseWebhookKeys([spki(ours.publicKey)])

const body = Buffer.from('{"type":"INSTALL","locationId":"bN3kWq8TzR5mXv1CfJyE","a":1.0}')
const signed = (bytes: Buffer, key = ours.privateKey) => sign(null, bytes, key).toString('base64')
const good = signed(body)
const rsaSignature = sign('sha256', body, rsa.privateKey).toString('base64')

describe('a webhook is believed only with a good signature of its bytes', () => {
  const oneBit = Buffer.from(body)
  oneBit[10] = oneBit[10]! ^ 1
  const cases: [string, Buffer, string | null, 'good' | 'unsigned' | 'bad'][] = [
    ['good', body, good, 'good'],
    ['one bit of the body flipped', oneBit, good, 'bad'],
    ['the JSON written anew', Buffer.from(JSON.stringify(JSON.parse(body.toString()))), good, 'bad'],
    ['another key', body, signed(body, foreign.privateKey), 'bad'],
    ['no header', body, null, 'unsigned'],
    ['an empty header', body, ' ', 'unsigned'],
    ['N/A', body, 'N/A', 'unsigned'],
    ['the RSA signature in its place', body, rsaSignature, 'bad'],
    ['a larger body under the same signature', Buffer.concat([body, Buffer.alloc(2_000_000, 32)]), good, 'bad'],
    ['a byte order mark before it', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]), good, 'bad'],
    ['the header twice', body, `${good}, ${good}`, 'bad'],
    ['the body compressed', gzipSync(body), good, 'bad'],
    ['the signature with a line break inside', body, `${good.slice(0, 40)}\n${good.slice(40)}`, 'bad'],
    ['base64 for URLs', body, good.replace(/[+/]/, '-').slice(0, -2), 'bad'],
  ]
  test.each(cases)('%s', (_name, bytes, header, verdict) => {
    expect(verifySignature(bytes, header, keys)).toBe(verdict)
  })

  test.each(vectors.vectors)('published vector $signatureBase64', ({ bodyUtf8, signatureBase64 }) => {
    const published = parseWebhookKeys([vectors.publicKeyPem.replace(/-----[A-Z ]+-----|\s/g, '')])
    expect(verifySignature(Buffer.from(bodyUtf8), signatureBase64, published)).toBe('good')
    expect(verifySignature(Buffer.from(bodyUtf8 + ' '), signatureBase64, published)).toBe('bad')
  })

  test('any key of the list will do, so keys can be rotated', () => {
    const both = parseWebhookKeys([spki(foreign.publicKey), spki(ours.publicKey)])
    expect(verifySignature(body, good, both)).toBe('good')
    expect(verifySignature(body, good, parseWebhookKeys([spki(foreign.publicKey)]))).toBe('bad')
  })
})

test('a delivery secret is one of the list, whole', () => {
  const secrets = ['current-secret', 'previous-secret']
  expect(isDeliverySecret('current-secret', secrets)).toBe(true)
  expect(isDeliverySecret('previous-secret', secrets)).toBe(true)
  for (const wrong of ['', 'current', 'current-secret ', 'current-secret,previous-secret'])
    expect(isDeliverySecret(wrong, secrets)).toBe(false)
})

describe('messages to deliver', () => {
  const parse = (body: unknown) => parseProviderMessage(Buffer.from(JSON.stringify(body)))
  const samples = posted as Record<string, Record<string, unknown>>
  const sms = samples['provider-outbound.sms.documented']!

  test('every documented and observed shape but e-mail is read', () => {
    for (const [name, sample] of Object.entries(samples).filter(([name]) => name.startsWith('provider-outbound'))) {
      const message = parse(sample)
      if (name.endsWith('email')) expect(message).toBeNull()
      else expect(message, name).toMatchObject({ crmMessageId: sample.messageId, text: sample.message })
    }
    expect(parse(samples['provider-outbound.workflow-or-api.no-user'])).toMatchObject({ userId: null })
    expect(parse(samples['provider-outbound.attachments-only'])).toMatchObject({ text: '' })
  })

  test.each<[string, unknown]>([
    ['no object', 'hello'],
    ['no message id', { ...sms, messageId: undefined }],
    ['an id that is a path', { ...sms, locationId: '../x' }],
    ['an id that is a number', { ...sms, contactId: 7 }],
    ['an unknown type', { ...sms, type: 'Fax' }],
    ['text that is an object', { ...sms, message: { text: 'x' } }],
    ['text too long', { ...sms, message: 'x'.repeat(65_537) }],
    ['attachments that are no list', { ...sms, attachments: 'https://x' }],
  ])('refused: %s', (_name, body) => expect(parse(body)).toBeNull())

  test('bytes that are no JSON are refused, not thrown', () => {
    for (const bytes of ['', '{', '\ufeff{}']) expect(parseProviderMessage(Buffer.from(bytes))).toBeNull()
    expect(parseProviderMessage(Buffer.from([0xff, 0xfe, 0x7b]))).toBeNull()
  })
})

describe('app events', () => {
  const parse = (body: unknown) => parseAppEvent(Buffer.from(JSON.stringify(body)))
  const event = (name: string) => parse((posted as Record<string, unknown>)[name])?.event
  const at = { locationId: 'bN3kWq8TzR5mXv1CfJyE', companyId: 'Qm7RtV2xKp9LwZs4HcYd' }
  const contact = { locationId: at.locationId, contactId: 'cT4eX8rW2nB6vM9qZ1aS' }
  const facts = { phone: '+12025550123', tags: ['whatsapp', 'lead'], owner: { userId: 'uA1vB2wC3xD4yE5zF6gH' } }

  test.each<[string, unknown]>([
    ['webhook.install.location.whitelabel', { type: 'install', ...at }],
    ['webhook.install.company', { type: 'install', ...at, locationId: null }],
    [
      'webhook.install.location.future-location',
      { type: 'install', locationId: 'zC9xMb2QrF8wSj5EiUgO', companyId: null },
    ],
    ['webhook.uninstall.location', { type: 'uninstall', locationId: at.locationId, companyId: null }],
    ['webhook.uninstall.company', { type: 'uninstall', locationId: null, companyId: at.companyId }],
    ['webhook.contact-update', { type: 'contact-changed', ...contact, ...facts, dnd: null }],
    ['webhook.contact-dnd-update', { type: 'contact-changed', ...contact, ...facts, dnd: true }],
    ['webhook.contact-delete', { type: 'contact-deleted', ...contact }],
    ['webhook.contact-tag-update', { type: 'contact-changed', ...contact, ...facts, dnd: null }],
    ['webhook.outbound-message.custom-provider', { type: 'other', name: 'OutboundMessage' }],
  ])('%s', (name, expected) => expect(event(name)).toEqual(expected))

  test('carries its id and time', () => {
    expect(parse(posted['webhook.uninstall.location'])).toMatchObject({
      webhookId: '7b0f3a52-6d41-4a0e-8c77-2f9a1be00005',
      at: new Date('2026-09-14T10:22:31.417Z'),
    })
  })

  test('an install of nothing is refused', () => {
    expect(parse({ type: 'INSTALL' })).toBeNull()
    expect(parse({})).toBeNull()
    expect(parse({ type: 'ContactDelete', id: 'x' })).toBeNull()
  })
})
