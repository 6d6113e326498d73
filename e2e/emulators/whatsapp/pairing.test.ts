import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { BareApp } from './bare-app'
import { connectPhones, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

let emulator: WhatsAppEmulator
let phones: Phones
const apps: BareApp[] = []

function newApp(config = {}) {
  const app = new BareApp(emulator.webSocketUrl, undefined, config)
  apps.push(app)
  return app
}

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
})
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop()
})
afterAll(() => emulator.close())

test('a scanned QR links the app, which is told to start again and then logs in', async () => {
  const phone = await phones.create({ name: 'Ana', platform: 'smba' })
  const app = newApp().connect()
  const qr = await app.qr()
  expect(qr).toMatch(/^https:\/\/wa\.me\/settings\/linked_devices#/)
  const { device } = await phone.scan(qr)
  expect(await app.closed()).toBe(515)
  await app.reconnect()
  expect(app.auth.creds.me?.id).toBe(`${phone.number}:${device}@s.whatsapp.net`)
  expect(app.auth.creds.platform).toBe('smba')
  expect((await phone.waitForDevice()).app).toBe('Mac OS')
  expect(await phones.counters()).toMatchObject({ violations: 0, unknownQueries: {} })
})

test('a QR nobody scans is replaced and in the end given up with 408', async () => {
  const app = newApp({ qrTimeout: 30 }).connect()
  expect(await app.closed()).toBe(408)
  const codes = app.seen.flatMap((seen) => (seen.kind === 'connection' && seen.update.qr ? [seen.update.qr] : []))
  expect(new Set(codes).size).toBe(6)
})

test('the server keeps quiet for 20 ms after the last message of the handshake', async () => {
  const app = newApp().connect()
  const frames: number[] = []
  app.socket.ws.on('frame', () => frames.push(performance.now()))
  await app.qr()
  expect((frames[1] ?? 0) - (frames[0] ?? 0)).toBeGreaterThanOrEqual(19)
})
