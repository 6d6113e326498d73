// Bare Baileys, its keys in memory, its log silent: what the least possible program would cost.
import '@/e2e/emulators/quiet-libsignal'
import { BareApp } from '@/e2e/emulators/whatsapp/bare-app'
import { connectPhones } from '@/e2e/emulators/whatsapp/client'
import { trustEmulator } from '@/e2e/emulators/whatsapp/trust'
import { isProfileOrder, obeyProfileOrder, type ProfileOrder } from './profile'

export interface FloorChat {
  owner: string
  person: string
}
/** Without a pace everything leaves as fast as it can. */
export type FloorOrder =
  { send: { chat: FloorChat; text: string }[]; perSecond?: number } | { expect: number } | ProfileOrder

const { FLOOR_NETWORK, FLOOR_ROOT, FLOOR_PHONES, FLOOR_OWNERS } = process.env
if (!FLOOR_NETWORK || !FLOOR_ROOT || !FLOOR_PHONES || !FLOOR_OWNERS) throw new Error('Started by bench/floor.ts only.')
// As workers do.
process.setSourceMapsEnabled(false)
trustEmulator(FLOOR_ROOT)
const phones = connectPhones(FLOOR_PHONES)
const apps = new Map<string, BareApp>()
let heard = 0
let expected = Infinity

for (const owner of FLOOR_OWNERS.split(',')) {
  const app = new BareApp(FLOOR_NETWORK)
  await app.linkByQr(phones.phone(owner))
  app.socket.ev.on('messages.upsert', ({ messages }) => {
    heard += messages.filter(({ key, message }) => !key.fromMe && message?.conversation).length
    app.seen.length = 0
    if (heard >= expected) process.send?.({ done: true })
  })
  apps.set(owner, app)
}

process.on('message', (order: FloorOrder) => {
  if (isProfileOrder(order)) return void obeyProfileOrder(order).then(() => process.send?.({ obeyed: true }))
  if ('expect' in order) {
    heard = 0
    expected = order.expect
    process.send?.({ obeyed: true })
    return
  }
  const { send, perSecond } = order
  const startedAt = performance.now()
  const dueAt = new Map(send.map((item, n) => [item, perSecond ? startedAt + (n / perSecond) * 1000 : startedAt]))
  const byOwner = Map.groupBy(send, ({ chat }) => chat.owner)
  void Promise.all(
    [...byOwner].map(async ([owner, items]) => {
      const app = apps.get(owner)!
      for (const item of items) {
        const { chat, text } = item
        const waitMs = dueAt.get(item)! - performance.now()
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
        await app.socket.sendMessage(`${chat.person}@s.whatsapp.net`, { text })
        app.seen.length = 0
      }
    }),
  ).then(() => process.send?.({ done: true }))
})
process.send?.({ ready: true })
