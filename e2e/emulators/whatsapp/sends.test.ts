import { afterAll, beforeAll, expect, test } from 'vitest'
import { BareApp, textOf } from './bare-app'
import { connectPhones, type PhoneClient, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

let emulator: WhatsAppEmulator
let phones: Phones
let owner: PhoneClient
let bob: PhoneClient
let app: BareApp

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
  owner = await phones.create({ name: 'Shop' })
  bob = await phones.create({ name: 'Bob' })
  app = new BareApp(emulator.webSocketUrl)
  await app.linkByQr(owner)
})
afterAll(async () => {
  await app.stop()
  await emulator.close()
})

const byId = (id: string) => app.message(({ key }) => key.id === id)
const event = <T>(name: string, pick: (value: T) => unknown) =>
  app.waitFor(name, (seen) => (seen.kind === 'event' && seen.name === name ? pick(seen.value as T) : undefined))

test('a quote names and repeats what it answers', async () => {
  const first = await bob.sendText(owner, 'the question')
  const id = await bob.sendText(owner, 'about that', { quote: first })
  const { message } = await byId(id)
  expect(message?.extendedTextMessage?.contextInfo).toMatchObject({
    stanzaId: first,
    quotedMessage: { conversation: 'the question' },
  })
})

test('a location, a contact card, an image without a file and something unknown arrive as what they are', async () => {
  const location = await bob.sendLocation(owner, { latitude: 41.4, longitude: 2.17, name: 'Sagrada Família' })
  const contact = await bob.sendContact(owner, { name: 'Ana', numbers: ['+34 600 111 222'] })
  const image = await bob.sendImage(owner, 'look')
  const unknown = await bob.sendUnknown(owner)
  const poll = await bob.sendContent(owner, {
    pollCreationMessage: { name: 'When?', options: [{ optionName: 'Now' }], selectableOptionsCount: 1 },
  })
  expect((await byId(location)).message?.locationMessage).toMatchObject({ name: 'Sagrada Família' })
  expect((await byId(contact)).message?.contactMessage?.vcard).toContain('waid=34600111222')
  expect((await byId(image)).message?.imageMessage?.caption).toBe('look')
  expect((await byId(unknown)).messageStubType).toBeFalsy()
  expect((await byId(poll)).message?.pollCreationMessage?.name).toBe('When?')
  expect((await owner.chat(bob)).slice(-5).map(({ kind }) => kind)).toEqual([
    'location',
    'contact',
    'image',
    'unknown',
    'poll',
  ])
})

test('a reaction, an edit and a deletion change the bubble they are about, on both sides', async () => {
  const id = await bob.sendText(owner, 'tpyo')
  await byId(id)
  await bob.edit(owner, id, 'typo')
  await app.waitFor('the edit', (seen) =>
    seen.kind === 'update' && seen.update.key.id === id
      ? textOf(seen.update.update.message?.editedMessage?.message)
      : undefined,
  )
  const sent = await app.send(`${bob.number}@s.whatsapp.net`, 'good?')
  await bob.waitForText(owner, 'good?')
  await bob.react(owner, sent, '👍')
  await event<{ reaction: { text?: string }; key: { id: string } }[]>(
    'messages.reaction',
    (all) => all.find(({ key, reaction }) => key.id === sent && reaction.text === '👍') && true,
  )
  await bob.delete(owner, id)
  await app.waitFor('the deletion', (seen) =>
    seen.kind === 'update' && seen.update.key.id === id && seen.update.update.message === null ? true : undefined,
  )
  expect((await owner.chat(bob)).filter((bubble) => bubble.id === id)).toMatchObject([{ edited: true, deleted: true }])
  expect((await owner.chat(bob)).find((bubble) => bubble.id === sent)).toMatchObject({ reaction: '👍' })
})

test('the app edits, reacts and deletes, and a person sees it', async () => {
  const jid = `${bob.number}@s.whatsapp.net`
  const sent = await app.socket.sendMessage(jid, { text: 'frist' })
  const key = sent?.key
  if (!key?.id) throw new Error('Nothing was sent')
  await bob.waitForText(owner, 'frist')
  await app.socket.sendMessage(jid, { text: 'first', edit: key })
  await bob.waitForText(owner, 'first')
  const asked = await bob.sendText(owner, 'ok?')
  const question = await byId(asked)
  await app.socket.sendMessage(jid, { react: { text: '❤️', key: question.key } })
  await phones.waitFor((seen) => seen.kind === 'changed' && seen.phone === bob.number && seen.id === asked)
  await app.socket.sendMessage(jid, { delete: key })
  await bob.waitForText(owner, (bubble) => bubble.id === key.id && bubble.deleted === true)
})

test('a call nobody answers is a missed call', async () => {
  const id = await bob.call(owner)
  await event<{ id: string; status: string }[]>(
    'call',
    (calls) => calls.find((call) => call.id === id && call.status === 'timeout') && true,
  )
  expect((await byId(id)).messageStubType).toBe(40)
})

test('a phone can read and answer by itself', async () => {
  const bot = await phones.create({ settings: { autoRead: true, autoReply: 'You said: {text}' } })
  const id = await app.send(`${bot.number}@s.whatsapp.net`, 'anybody?')
  expect((await app.text('You said: anybody?')).key.fromMe).toBe(false)
  await app.status(id, 4)
})

test('nothing in all this was against the protocol or left unanswered', async () => {
  expect(await phones.counters()).toMatchObject({ violations: 0, unknownQueries: {} })
})
