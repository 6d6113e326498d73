import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BareApp, deviceCache, textOf } from './bare-app'
import { connectPhones, type PhoneClient, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

const DELIVERED = 3

let emulator: WhatsAppEmulator
let phones: Phones
let owner: PhoneClient
let app: BareApp
// Without it a new socket asks for every contact's devices again and starts new sessions, so counters never repeat.
const devices = deviceCache()

const pnOf = (phone: PhoneClient) => `${phone.number}@s.whatsapp.net`
const eventsOf = async (kind: string, id: string) =>
  (await phones.history()).filter((event) => event.kind === kind && event.id === id)

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
  owner = await phones.create({ name: 'Shop' })
  app = new BareApp(emulator.webSocketUrl, undefined, { userDevicesCache: devices })
  await app.linkByQr(owner)
})
afterEach(() => phones.clearFaults())
afterAll(async () => {
  await app.stop()
  await emulator.close()
})

describe('acknowledgements', () => {
  test.each([463, 479])('a message refused with %i reaches nobody, and the app hears the code', async (code) => {
    const bob = await phones.create()
    await phones.nack(code, { to: bob.number, count: 1 })
    const id = await app.send(pnOf(bob), 'refused')
    expect(await app.refusal(id)).toBe(String(code))
    expect(await bob.chat(owner)).toEqual([])
    await app.send(pnOf(bob), 'accepted')
    await bob.waitForText(owner, 'accepted')
  })

  test('an acknowledgement can be dropped while the message arrives', async () => {
    const bob = await phones.create()
    await phones.dropAcks({ to: bob.number, count: 1 })
    const id = await app.send(pnOf(bob), 'no ack')
    await bob.waitForText(owner, 'no ack')
    expect(await eventsOf('ack', id)).toMatchObject([{ isDropped: true }])
  })

  test('an acknowledgement can be late', async () => {
    const bob = await phones.create()
    await phones.delayAcks(60, { to: bob.number })
    const id = await app.send(pnOf(bob), 'late ack')
    const heard = await phones.waitFor((event) => event.kind === 'message-from-companion' && event.id === id)
    const acked = await phones.waitFor((event) => event.kind === 'ack' && event.id === id)
    expect(acked.stamp - heard.stamp).toBeGreaterThan(50)
  })
})

describe('messages that cannot be read', () => {
  test('a phone that lost its sessions asks again and then shows the message once', async () => {
    const bob = await phones.create()
    await app.send(pnOf(bob), 'before')
    await bob.waitForText(owner, 'before')
    await bob.sendText(owner, 'so that the session is established')
    await app.text('so that the session is established')
    await bob.loseSessions()
    const id = await app.send(pnOf(bob), 'after')
    const bubble = await bob.waitForText(owner, 'after')
    await app.status(id, DELIVERED)
    expect(bubble).toMatchObject({ id, status: 'received' })
    expect((await bob.chat(owner)).filter((each) => each.id === id)).toHaveLength(1)
    expect(await eventsOf('shown-waiting', id)).toHaveLength(1)
    expect(await eventsOf('retry-to-companion', id)).toHaveLength(1)
  })

  test('the app asks again for a broken message and then reads it under the same id', async () => {
    const bob = await phones.create()
    await bob.sendText(owner, 'whole')
    await app.text('whole')
    const id = await phones.forge('bad-mac', { from: bob, to: owner, text: 'broken at first' })
    const message = await app.text('broken at first')
    expect(message.key.id).toBe(id)
    expect(await eventsOf('retry-from-companion', id)).toMatchObject([{ count: 1 }])
    await bob.waitForStatus(owner, id, 'delivered')
  })

  test('a repeated counter is dropped without a word by a strict phone, and asked for again by a forgiving one', async () => {
    const strict = await phones.create({ settings: { mode: 'strict' } })
    const forgiving = await phones.create({ settings: { mode: 'forgiving' } })
    for (const phone of [strict, forgiving]) {
      await app.send(pnOf(phone), 'one')
      await phone.waitForText(owner, 'one')
      await phone.sendText(owner, `ok ${phone.number}`)
      await app.text(`ok ${phone.number}`)
      await app.send(pnOf(phone), 'two')
      await phone.waitForText(owner, 'two')
    }
    const old = app.auth.snapshot()
    for (const phone of [strict, forgiving]) {
      await app.send(pnOf(phone), 'three')
      await phone.waitForText(owner, 'three')
    }
    const restored = new BareApp(emulator.webSocketUrl, old, { userDevicesCache: devices })
    await app.stop()
    await restored.reconnect()
    const toStrict = await restored.send(pnOf(strict), 'spent counter')
    const dropped = await phones.waitFor((event) => event.kind === 'undecryptable' && event.id === toStrict)
    expect(dropped).toMatchObject({ reason: 'old-counter', action: 'dropped', recipient: strict.number })
    const readable = await restored.send(pnOf(strict), 'next counter')
    await strict.waitForText(owner, 'next counter')
    const toForgiving = await restored.send(pnOf(forgiving), 'asked for again')
    await forgiving.waitForText(owner, 'asked for again')
    expect((await strict.chat(owner)).map(({ text }) => text)).not.toContain('spent counter')
    expect(await eventsOf('retry-to-companion', toStrict)).toEqual([])
    expect(await eventsOf('retry-to-companion', toForgiving)).toHaveLength(1)
    expect(await eventsOf('shown', readable)).toContainEqual(
      expect.objectContaining({ phone: strict.number, duplicate: false }),
    )
    await restored.stop()
    app = new BareApp(emulator.webSocketUrl, restored.auth, { userDevicesCache: devices })
    await app.reconnect()
  })

  test('an own phone that lost its sessions asks for the copy again, and nobody else sees it twice', async () => {
    const bob = await phones.create()
    await app.send(pnOf(bob), 'copied')
    await owner.waitForChange(async () => (await owner.chat(bob)).find(({ text }) => text === 'copied'))
    await bob.sendText(owner, 'so that no new session is begun')
    await app.text('so that no new session is begun')
    await owner.loseSessions()
    const id = await app.send(pnOf(bob), 'copied again')
    const shown = await phones.waitFor({ kind: 'shown', id, phone: owner.number })
    expect(shown).toMatchObject({ chat: bob.number, direction: 'out', text: 'copied again' })
    const asked = await eventsOf('retry-to-companion', id)
    expect(asked.filter(({ from }) => from === owner.number)).toHaveLength(1)
    // Baileys sends it to every device again; bob's phone knows the id.
    await phones.waitFor({ kind: 'repeat-hidden', id, phone: bob.number })
    expect((await bob.chat(owner)).filter((bubble) => bubble.id === id)).toHaveLength(1)
  })

  test('a message sent twice shows once, unless the phone does not look at ids', async () => {
    const careful = await phones.create()
    const careless = await phones.create({ settings: { dedupes: false } })
    for (const phone of [careful, careless]) {
      const id = await app.send(pnOf(phone), 'again')
      await app.send(pnOf(phone), 'again', id)
      await app.send(pnOf(phone), 'end')
      await phone.waitForText(owner, 'end')
    }
    expect((await careful.chat(owner)).map(({ text }) => text)).toEqual(['again', 'end'])
    expect((await careless.chat(owner)).map(({ text }) => text)).toEqual(['again', 'again', 'end'])
  })

  test('a contact with a new phone can still be written to', async () => {
    const bob = await phones.create()
    await app.send(pnOf(bob), 'old phone')
    await bob.waitForText(owner, 'old phone')
    await bob.reinstall()
    await app.send(pnOf(bob), 'new phone')
    await bob.waitForText(owner, 'new phone')
  })
})

describe('dishonest and broken messages', () => {
  test.each([
    'garbage',
    'bad-protobuf',
    'bad-padding',
    'empty',
    'no-content',
    'no-id',
    'unknown-cipher',
    'unavailable',
    'another-sender',
    'fake-own-copy',
    'fake-key-share',
    'huge',
  ] as const)('after "%s" the app still reads the next message', async (kind) => {
    const bob = await phones.create()
    await bob.sendText(owner, `before ${kind}`)
    await app.text(`before ${kind}`)
    await phones.forge(kind, { from: bob, to: owner })
    await bob.sendText(owner, `after ${kind}`)
    await app.text(`after ${kind}`)
    expect(app.seen.some((seen) => seen.kind === 'message' && textOf(seen.message.message) === 'forged')).toBe(false)
  })

  test('a query nobody knows is answered with nothing, and counted', async () => {
    const query = { tag: 'iq', attrs: { to: 's.whatsapp.net', type: 'get', xmlns: 'w:surprise' } }
    const answer: unknown = await app.socket.query(query)
    expect(answer).toMatchObject({ tag: 'iq', attrs: { type: 'result' } })
    expect(await phones.counters()).toMatchObject({ unknownQueries: { 'w:surprise get': 1 }, violations: 0 })
  })

  test('any stanza can be written to a companion', async () => {
    expect(await phones.injectStanza(owner.number, { tag: 'surprise', attrs: { id: '1' }, content: 'hello' })).toBe(1)
    const bob = await phones.create()
    await bob.sendText(owner, 'after the surprise')
    await app.text('after the surprise')
  })
})
