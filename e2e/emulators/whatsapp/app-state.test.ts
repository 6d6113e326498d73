import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { BareApp } from './bare-app'
import { connectPhones, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { StateSeen } from './state-seen'
import { trustEmulator } from './trust'

let emulator: WhatsAppEmulator
let phones: Phones
const apps: BareApp[] = []
const verifying = { appStateMacVerification: { patch: true, snapshot: true } }

function newApp(): BareApp {
  const app = new BareApp(emulator.webSocketUrl, undefined, verifying)
  apps.push(app)
  return app
}

async function linked(phone: { scan(qrText: string): Promise<unknown> }) {
  const app = newApp()
  const seen = new StateSeen(app)
  await app.linkByQr(phone)
  await seen.synced()
  return { app, seen }
}

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
})
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop()
  await phones.clearFaults()
  expect(await phones.counters()).toMatchObject({ violations: 0, unknownQueries: {} })
})
afterAll(() => emulator.close())

test('a linked device learns the saved contacts, the labels, the chats they are on, and its own name', async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  const bob = await phones.create({ name: 'Bobby' })
  await shop.saveContacts([
    { number: bob.number, name: 'Bob Miller' },
    { number: '34611222333', name: 'Ana' },
    { number: '34611220000', name: 'Not on WhatsApp' },
  ])
  const vip = await shop.createLabel('VIP')
  await shop.labelChat(bob, vip)
  const { app, seen } = await linked(shop)
  await seen.until('both contacts', () => seen.names.size === 2)
  expect([...seen.names]).toEqual(
    expect.arrayContaining([
      [`${bob.number}@s.whatsapp.net`, 'Bob Miller'],
      ['34611222333@s.whatsapp.net', 'Ana'],
    ]),
  )
  expect(seen.labels.get(vip.id)).toMatchObject({ name: 'VIP', deleted: false })
  const bobLid = (await bob.view()).lid
  expect([...seen.labelled]).toEqual([`${vip.id} ${bobLid}@lid`])
  expect(app.auth.creds.me?.name).toBe('Shop')
  const found = await app.socket.signalRepository.lidMapping.getPNForLID(`${bobLid}@lid`)
  expect(found?.replace(/:\d+@/, '@')).toBe(`${bob.number}@s.whatsapp.net`)
  expect(await app.socket.signalRepository.lidMapping.getLIDForPN('34611222333@s.whatsapp.net')).toMatch(/@lid$/)
})
