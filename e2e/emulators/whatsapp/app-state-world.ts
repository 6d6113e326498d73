// The emulator that the tests of one file share, and the shop with a saved contact that most of them begin with.
import { afterAll, afterEach, beforeAll } from 'vitest'
import { jid, LinkedApps } from './app-state-steps'
import { connectPhones, type PhoneClient, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

export const ANA = '34611222333'
export const BOB = '34611222444'

export let emulator: WhatsAppEmulator
export let phones: Phones
export const apps = new LinkedApps()

/** To be called once, at the head of a test file. */
export function useEmulator(): void {
  beforeAll(async () => {
    emulator = await startWhatsAppEmulator({ say: () => {} })
    trustEmulator(emulator.rootPublicKey)
    phones = connectPhones(emulator.url)
  })
  afterEach(async () => {
    await apps.stopAll()
    await phones.clearFaults()
  })
  afterAll(() => emulator.close())
}

export const linked = (phone: PhoneClient, config = {}) => apps.link(emulator, phone, config)

export async function shopWithAna(config = {}) {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  await shop.saveContact(ANA, 'Ana')
  const device = await linked(shop, config)
  await device.seen.until('Ana', () => device.seen.names.get(jid(ANA)) === 'Ana')
  return { shop, ...device }
}
