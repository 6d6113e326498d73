import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { LinkedApps } from './app-state-steps'
import { connectPhones, type PhoneClient, type Phones } from './client'
import { downloadFromEmulator } from './downloads'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

const dataDir = mkdtempSync(join(tmpdir(), 'whatsapp-app-state-'))
let emulator: WhatsAppEmulator
let phones: Phones
let stopDownloads = () => {}
const apps = new LinkedApps()
const MANY = 10_000
const people = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, n) => ({ number: `3461${String(n).padStart(6, '0')}1`, name: `${prefix} ${n}` }))

async function start() {
  emulator = await startWhatsAppEmulator({ dataDir })
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
}

const linked = (phone: PhoneClient) => apps.link(emulator, phone)

beforeAll(start)
beforeEach(() => phones.setFullSync('whole'))
afterEach(async () => {
  stopDownloads()
  await apps.stopAll()
  expect(await phones.counters()).toMatchObject({ violations: 0 })
})
afterAll(async () => {
  await emulator.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test(
  '10,000 contacts reach a new device, and the next 10,000 names one that is linked already',
  { timeout: 180_000 },
  async () => {
    const shop = await phones.create({ name: 'Shop' })
    expect(await shop.saveContacts(people(MANY, 'Person'))).toBe(MANY)
    const { app, seen } = await linked(shop)
    await seen.until('every contact', () => seen.names.size === MANY, 60_000)
    expect(await shop.saveContacts(people(MANY, 'Renamed'))).toBe(MANY)
    await seen.until(
      'every new name',
      () => [...seen.names.values()].every((name) => name?.startsWith('Renamed')),
      60_000,
    )
    const from = app.seen.length
    await shop.renameContact('34610000001', 'The last word')
    await seen.until('one more change', () => seen.names.get('34610000001@s.whatsapp.net') === 'The last word')
    expect(
      app.seen.slice(from).filter((entry) => entry.kind === 'event' && entry.name === 'contacts.upsert'),
    ).toHaveLength(1)
  },
)

test('every form of telling everything says the same', { timeout: 180_000 }, async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  const vip = await shop.createLabel('VIP')
  await linked(shop)
  await shop.saveContacts(people(3_000, 'Person'))
  await shop.saveContacts(people(40, 'Renamed'))
  for (let n = 0; n < 60; n++) await shop.labelChat(people(60, '')[n]?.number ?? '', vip, true)
  for (let n = 0; n < 5; n++) await shop.labelChat(people(60, '')[n]?.number ?? '', vip, false)
  await shop.removeContact(people(1, '')[0]?.number ?? '')

  const told = new Map<string, object>()
  for (const form of ['whole', 'log', 'blob'] as const) {
    await phones.setFullSync(form)
    stopDownloads = form === 'blob' ? downloadFromEmulator(emulator.webSocketUrl) : () => {}
    const position = await phones.position()
    const { app, seen } = await linked(shop)
    await seen.until('everything', () => seen.labelled.size === 55)
    const names = Object.fromEntries([...seen.names].filter(([, name]) => name !== undefined).sort())
    told.set(form, { names, labels: [...seen.labels.values()], labelled: [...seen.labelled].sort() })
    expect(Object.keys(names)).toHaveLength(2_999)
    const device = (await shop.view()).devices.at(-1)?.device ?? 0
    const fetched = (await phones.history(position)).filter(
      (event) => event.kind === 'app-state-fetched' && event.device === device,
    )
    const answers = fetched.filter((event) => event.collection === 'critical_unblock_low').length
    expect(answers).toBe(form === 'log' ? 2 : 1)
    await app.socket.addChatLabel(`${people(1, '')[0]?.number}@s.whatsapp.net`, vip.id)
    await app.socket.removeChatLabel(`${people(1, '')[0]?.number}@s.whatsapp.net`, vip.id)
    await app.stop()
    await shop.unlink(device)
    stopDownloads()
  }
  expect(told.get('log')).toEqual(told.get('whole'))
  expect(told.get('blob')).toEqual(told.get('whole'))
})

test('a device that cannot download a snapshot never gets past the beginning, and nothing else names a host', async () => {
  const shop = await phones.create({ name: 'Shop' })
  await shop.saveContact('34611222333', 'Ana')
  await phones.setFullSync('blob')
  const asked: string[] = []
  const before = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    const url = String(input)
    if (!url.startsWith('https://')) return before(input, init)
    asked.push(url)
    throw new TypeError('fetch failed')
  }
  stopDownloads = () => void (globalThis.fetch = before)
  const { app } = apps.open(emulator)
  await app.linkByQr(shop)
  await app.waitForAny('a download', () => (asked.length > 0 ? true : undefined))
  await shop.saveContact('34611222444', 'Bob')
  await app.waitForAny('another download', () => (asked.length > 1 ? true : undefined))
  expect(await app.auth.keys.get('app-state-sync-version', ['critical_unblock_low'])).toEqual({})
  for (const url of asked) expect(url).toMatch(/^https:\/\/mmg\.whatsapp\.net\/v\/blob\//)
})

test('what changed by the hundred while a device was away comes when it is back, in several answers', async () => {
  const shop = await phones.create({ name: 'Shop' })
  await shop.saveContact('34611222333', 'Ana')
  const { app, seen } = await linked(shop)
  await app.stop()
  for (const contact of people(120, 'Person')) await shop.saveContact(contact.number, contact.name)
  for (const contact of people(20, '')) await shop.removeContact(contact.number)
  const position = await phones.position()
  await app.reconnect()
  await seen.until('101 names', () => [...seen.names.values()].filter(Boolean).length === 101)
  const fetched = (await phones.history(position)).filter((event) => event.kind === 'app-state-fetched')
  expect(fetched.length).toBeGreaterThanOrEqual(3)
})

test('random changes on the phone and on two devices settle with all three equal', { timeout: 180_000 }, async () => {
  const seed = Number(process.env.APP_STATE_SEED ?? 4_711)
  process.stdout.write(`APP_STATE_SEED=${seed}\n`)
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  const devices = [await linked(shop), await linked(shop)]
  const labels = [await shop.createLabel('A'), await shop.createLabel('B'), await shop.createLabel('C')]
  const chats = people(6, '').map(({ number }) => number)
  const jid = (number: string) => `${number}@s.whatsapp.net`
  await phones.setAll({ addressing: 'pn' })
  for (let n = 0; n < 150; n++) {
    const chat = chats[random(chats.length)] ?? ''
    const label = labels[random(labels.length)]?.id ?? ''
    const isOn = random(2) === 0
    const app = devices[random(3)]?.app
    if (random(3) === 0) {
      const name = `Name ${n}`
      if (app) await app.socket.addOrEditContact(jid(chat), { fullName: name })
      else await shop.saveContact(chat, name)
    } else if (app) await app.socket[isOn ? 'addChatLabel' : 'removeChatLabel'](jid(chat), label)
    else await shop.labelChat(chat, label, isOn)
  }
  await phones.setAll({ addressing: 'lid' })
  const names = new Map((await shop.contacts()).map(({ number, name }) => [jid(number), name]))
  const held = (await shop.chatLabels()).flatMap(({ number, labels: ids }) => ids.map((id) => `${id} ${jid(number)}`))
  for (const device of [...devices, await linked(shop)]) {
    await device.seen.until('every label', () => [...device.seen.labelled].sort().join() === held.sort().join())
    await device.seen.until('every name', () =>
      [...names].every(([person, name]) => device.seen.names.get(person) === name),
    )
    expect(device.seen.names.size).toBe(names.size)
  }
})

test('keys, collections, contacts and labels survive a restart of the emulator', async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  await shop.saveContact('34611222333', 'Ana')
  const vip = await shop.createLabel('VIP')
  const { app, seen } = await linked(shop)
  await app.stop()
  await shop.labelChat('34611222333', vip)
  await shop.renameContact('34611222333', 'Ana García')
  await emulator.close()

  await start()
  const again = phones.phone(shop.number)
  expect(await again.contacts()).toMatchObject([{ name: 'Ana García' }])
  expect(await again.labelsOn('34611222333')).toEqual(['VIP'])
  const { app: back, seen: seenBack } = apps.open(emulator, {}, app.auth)
  await back.reconnect()
  await seenBack.until('what changed', () => seenBack.labelled.size === 1 && seenBack.names.size === 1)
  expect([...seenBack.names.values()]).toEqual(['Ana García'])
  expect(seen.labels.get(vip.id)?.name).toBe('VIP')
  await back.socket.addOrEditContact('34611222333@s.whatsapp.net', { fullName: 'Ana G.' })
  expect(await again.contacts()).toMatchObject([{ name: 'Ana G.', by: 1 }])
  const other = await linked(again)
  await other.seen.until('everything', () => other.seen.labelled.size === 1)
  expect([...other.seen.names.values()]).toEqual(['Ana G.'])
})
