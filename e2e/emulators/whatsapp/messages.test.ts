import { afterAll, beforeAll, expect, test } from 'vitest'
import { BareApp, textOf } from './bare-app'
import { connectPhones, type PhoneClient, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

const DELIVERED = 3
const READ = 4
const PLAYED = 5

let emulator: WhatsAppEmulator
let phones: Phones
let owner: PhoneClient
let app: BareApp

const pnOf = (phone: PhoneClient) => `${phone.number}@s.whatsapp.net`

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
  owner = await phones.create({ name: 'Shop' })
  app = new BareApp(emulator.webSocketUrl)
  await app.linkByQr(owner)
})
afterAll(async () => {
  await app.stop()
  await emulator.close()
})

test('a first message and those after it are decrypted, shown, and their ticks come back', async () => {
  const bob = await phones.create({ name: 'Bob' })
  const first = await app.send(pnOf(bob), 'first contact')
  await bob.waitForText(owner, 'first contact')
  await app.status(first, DELIVERED)
  await bob.sendText(owner, 'hi')
  await app.text('hi')
  const second = await app.send(pnOf(bob), 'second')
  await bob.waitForText(owner, 'second')
  await app.status(second, DELIVERED)
  expect(await bob.read(owner)).toEqual([first, second])
  await app.status(second, READ)
  const decrypted = (await phones.history()).filter(
    (event) => event.kind === 'decrypted' && event.recipient === bob.number,
  )
  expect(decrypted.map(({ enc, text, device }) => ({ enc, text, device }))).toEqual([
    { enc: 'pkmsg', text: 'first contact', device: 1 },
    { enc: 'msg', text: 'second', device: 1 },
  ])
})

test('what the app sends is seen on the own phone, with its ticks', async () => {
  const carla = await phones.create({ name: 'Carla' })
  const id = await app.send(pnOf(carla), 'from the app')
  const bubble = await owner.waitForStatus(carla, id, 'delivered')
  expect(bubble).toMatchObject({ direction: 'out', text: 'from the app', device: 1 })
})

test('what is typed on the own phone arrives in the app as its own message', async () => {
  const dan = await phones.create({ name: 'Dan' })
  const id = await owner.sendText(dan, 'typed by hand')
  const message = await app.text('typed by hand')
  expect(message.key).toMatchObject({ id, fromMe: true, remoteJidAlt: pnOf(dan) })
  expect(message.key.remoteJid).toMatch(/@lid$/)
  expect(await dan.waitForText(owner, 'typed by hand')).toMatchObject({ id })
})

test('a message from a private id carries the number beside it', async () => {
  const eve = await phones.create({ name: 'Eve' })
  const id = await eve.sendText(owner, 'by lid')
  const message = await app.text('by lid')
  expect(message.key).toMatchObject({ id, fromMe: false, remoteJidAlt: pnOf(eve), addressingMode: 'lid' })
  expect(message.pushName).toBe('Eve')
  await eve.waitForStatus(owner, id, 'delivered')
})

test('a message from a number carries the private id beside it', async () => {
  const finn = await phones.create({ name: 'Finn', settings: { addressing: 'pn' } })
  await finn.sendText(owner, 'by number')
  const { key } = await app.text('by number')
  expect(key).toMatchObject({ remoteJid: pnOf(finn), addressingMode: 'pn' })
  expect(key.remoteJidAlt).toMatch(/@lid$/)
  const answer = await app.send(pnOf(finn), 'answered')
  await finn.waitForText(owner, 'answered')
  await app.status(answer, DELIVERED)
})

test('a contact who hides the number is known by private id only, and can be answered there', async () => {
  const gwen = await phones.create({ name: 'Gwen', settings: { hidesNumber: true } })
  await gwen.sendText(owner, 'no number')
  const { key } = await app.text('no number')
  expect(key.remoteJidAlt).toBeUndefined()
  await app.send(key.remoteJid ?? '', 'by lid only')
  await gwen.waitForText(owner, 'by lid only')
})

test('a contact that turns from number to private id and back stays readable both ways', async () => {
  const ida = await phones.create({ name: 'Ida', settings: { addressing: 'pn' } })
  for (const addressing of ['pn', 'lid', 'pn', 'lid'] as const) {
    await ida.set({ addressing })
    const from = app.seen.length
    const text = `by ${addressing} ${from}`
    await ida.sendText(owner, text)
    const { key } = await app.text(text, from)
    const id = await app.send(key.remoteJid ?? '', `answer to ${text}`)
    await ida.waitForText(owner, `answer to ${text}`)
    await app.status(id, DELIVERED, from)
  }
  const unreadable = await phones.call('history', { match: { kind: 'undecryptable', recipient: ida.number } })
  expect(unreadable).toEqual([])
})

test('a phone that is offline gives no ticks until it is back', async () => {
  const hugo = await phones.create({ name: 'Hugo' })
  await hugo.goOffline()
  const id = await app.send(pnOf(hugo), 'are you there')
  await phones.waitFor((event) => event.kind === 'ack' && event.id === id)
  expect(await hugo.chat(owner)).toEqual([])
  const from = app.seen.length
  await hugo.goOnline()
  await hugo.waitForText(owner, 'are you there')
  await app.status(id, DELIVERED, from)
})

test('a number ending in 0000 is not on WhatsApp, any other is', async () => {
  const found = await app.socket.onWhatsApp('+34 611 220 000', '+34 611 220 001')
  expect(found).toEqual([{ jid: '34611220001@s.whatsapp.net', exists: true }])
})

test('a voice message that was listened to is played', async () => {
  const jan = await phones.create({ name: 'Jan' })
  const id = await app.send(pnOf(jan), 'as if spoken')
  await jan.waitForText(owner, 'as if spoken')
  await jan.play(owner, id)
  await app.status(id, PLAYED)
  expect(await owner.waitForStatus(jan, id, 'played')).toMatchObject({ device: 1 })
})

test('the key bundle can be checked and its signed key replaced, and new contacts still reach the app', async () => {
  await app.socket.digestKeyBundle()
  const before = app.auth.creds.signedPreKey.keyId
  await app.socket.rotateSignedPreKey()
  await expect.poll(() => app.auth.creds.signedPreKey.keyId).toBe(before + 1)
  const kim = await phones.create({ name: 'Kim' })
  await kim.sendText(owner, 'after the rotation')
  await app.text('after the rotation')
})

test('an app whose one-time keys run out is told, and uploads more', async () => {
  const device = `${owner.number}:1@s.whatsapp.net`
  const since = await phones.position()
  const user = { tag: 'user', attrs: { jid: device } }
  await app.socket.query({
    tag: 'iq',
    attrs: { to: 's.whatsapp.net', type: 'get', xmlns: 'encrypt' },
    content: [{ tag: 'key', attrs: {}, content: Array.from({ length: 812 }, () => user) }],
  })
  await phones.waitFor({ kind: 'keys-uploaded', number: owner.number }, { since })
  const lea = await phones.create({ name: 'Lea' })
  await lea.sendText(owner, 'with a new key')
  await app.text('with a new key')
})

test('many people write at once and nothing is lost or out of order', async () => {
  const people = await phones.createMany(Array.from({ length: 10 }, (_, i) => ({ name: `P${i}` })))
  const messages = Array.from({ length: 100 }, (_, i) => {
    const from = people[i % people.length] as PhoneClient
    return { from: from.number, to: owner.number, text: `m${i}` }
  })
  const from = app.seen.length
  await phones.sendMany(messages)
  await Promise.all(messages.map(({ text }) => app.text(text, from)))
  const order = (suffix: number) =>
    app.seen.flatMap((seen) => {
      const text = seen.kind === 'message' ? textOf(seen.message.message) : undefined
      return text?.match(/^m\d+$/) && Number(text.slice(1)) % 10 === suffix ? [Number(text.slice(1))] : []
    })
  for (let person = 0; person < 10; person++) {
    expect(order(person)).toEqual(Array.from({ length: 10 }, (_, i) => i * 10 + person))
  }
})

test('nothing in all this was against the protocol or left unanswered', async () => {
  expect(await phones.counters()).toMatchObject({ violations: 0, unknownQueries: {} })
})
