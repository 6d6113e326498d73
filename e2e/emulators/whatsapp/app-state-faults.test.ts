import { proto } from '@whiskeysockets/baileys'
import { expect, test } from 'vitest'
import { jid } from './app-state-steps'
import { ANA, BOB, linked, phones, shopWithAna, useEmulator } from './app-state-world'

useEmulator()

test('a refused question is made up for by the next one', async () => {
  const { shop, seen } = await shopWithAna()
  const position = await phones.position()
  await phones.appStateFault('refuse', { number: shop.number, code: 503, count: 1 })
  await shop.renameContact(ANA, 'Ana García')
  await phones.waitFor({ kind: 'app-state-fault', fault: 'refuse' }, { since: position })
  await shop.saveContact(BOB, 'Bob')
  await seen.until('both', () => seen.names.get(jid(ANA)) === 'Ana García' && seen.names.get(jid(BOB)) === 'Bob')
})

test('a late answer is late', async () => {
  const { shop, seen } = await shopWithAna()
  await phones.appStateFault('delay', { number: shop.number, delayMs: 150, count: 1 })
  const began = performance.now()
  await shop.renameContact(ANA, 'Late Ana')
  await seen.until('the late name', () => seen.names.get(jid(ANA)) === 'Late Ana')
  expect(performance.now() - began).toBeGreaterThanOrEqual(149)
})

test('Baileys asks again when a question is not answered, and takes an unanswered write for done', async () => {
  const { shop, app, seen } = await shopWithAna({ defaultQueryTimeoutMs: 1_500 })
  await phones.appStateFault('silence', { number: shop.number, on: 'fetch', count: 1 })
  await shop.renameContact(ANA, 'Ana García')
  await seen.until('the name', () => seen.names.get(jid(ANA)) === 'Ana García')
  await phones.appStateFault('silence', { number: shop.number, on: 'write', count: 1 })
  await app.socket.addOrEditContact(jid(ANA), { fullName: 'Never' })
  expect(await shop.contacts()).toMatchObject([{ name: 'Ana García' }])
  await phones.appStateFault('refuse', { number: shop.number, on: 'write', code: 500, count: 1 })
  await expect(app.socket.addOrEditContact(jid(ANA), { fullName: 'Refused' })).rejects.toThrow()
})

test('a patch with a broken mac is not believed, and Baileys goes on without it', async () => {
  const { shop, seen, app } = await shopWithAna()
  const position = await phones.position()
  await phones.appStateFault('bad-patch-mac', { number: shop.number, count: 1 })
  await shop.renameContact(ANA, 'Forged')
  await phones.waitFor({ kind: 'app-state-fault', fault: 'bad-patch-mac' }, { since: position })
  await shop.saveContact(BOB, 'Bob')
  await seen.until('Bob', () => seen.names.get(jid(BOB)) === 'Bob')
  expect(seen.names.get(jid(ANA))).toBe('Ana')
  // Only starting over brings the lost change.
  await app.auth.keys.set({ 'app-state-sync-version': { critical_unblock_low: null } })
  await app.socket.resyncAppState(['critical_unblock_low'], false)
  await seen.until('the change', () => seen.names.get(jid(ANA)) === 'Forged')
})

test('a device whose phone keeps the keys to itself waits, and catches up when it gets them', async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  await shop.saveContact(ANA, 'Ana')
  await phones.withholdKeys(shop.number)
  const { app, seen } = await linked(shop)
  expect(app.auth.creds.myAppStateKeyId).toBeUndefined()
  await expect(app.socket.addOrEditContact(jid(ANA), { fullName: 'x' })).rejects.toThrow('App state key not present')
  await phones.withholdKeys(shop.number, false)
  await seen.until('Ana', () => seen.names.get(jid(ANA)) === 'Ana')
  expect(app.auth.creds.me?.name).toBe('Shop')
})

test('a device that lost a key asks the phone for it and gets it', async () => {
  const { shop, app } = await shopWithAna()
  const id = app.auth.creds.myAppStateKeyId ?? ''
  await app.auth.keys.set({ 'app-state-sync-key': { [id]: null } })
  const from = app.seen.length
  const keyIds = [{ keyId: Buffer.from(id, 'base64') }]
  const { APP_STATE_SYNC_KEY_REQUEST } = proto.Message.ProtocolMessage.Type
  await app.socket.relayMessage(
    jid(shop.number),
    { protocolMessage: { type: APP_STATE_SYNC_KEY_REQUEST, appStateSyncKeyRequest: { keyIds } } },
    { additionalAttributes: { category: 'peer', push_priority: 'high_force' } },
  )
  await phones.waitFor({ kind: 'sync-keys-requested', number: shop.number, keys: 1 })
  const isBack = async () => (await app.auth.keys.get('app-state-sync-key', [id]))[id]
  await app.message(({ message }) => Boolean(message?.protocolMessage?.appStateSyncKeyShare), from)
  await expect.poll(isBack).toBeTruthy()
  await app.socket.addOrEditContact(jid(ANA), { fullName: 'Ana again' })
  expect(await shop.contacts('Ana')).toMatchObject([{ name: 'Ana again' }])
})

test('after a device is unlinked everything new is sealed with a key it never had', async () => {
  const { shop, app, seen } = await shopWithAna()
  const second = await linked(shop)
  const old = app.auth.creds.myAppStateKeyId
  expect(second.app.auth.creds.myAppStateKeyId).toBe(old)
  await shop.unlink(2)
  await app.waitForAny('another key', () => (app.auth.creds.myAppStateKeyId !== old ? true : undefined))
  await shop.renameContact(ANA, 'Ana García')
  await seen.until('a change under the new key', () => seen.names.get(jid(ANA)) === 'Ana García')
  await app.socket.addOrEditContact(jid(BOB), { fullName: 'Bob' })
  expect((await shop.contacts()).map(({ name }) => name)).toEqual(['Ana García', 'Bob'])
  const third = await linked(shop)
  await third.seen.until('both', () => third.seen.names.size === 2)
})

test('a device that logs out while the phone is offline has the keys changed when the phone is back', async () => {
  const { shop, app } = await shopWithAna()
  const second = await linked(shop)
  await shop.goOffline()
  await second.app.socket.logout()
  const position = await phones.position()
  await shop.goOnline()
  await phones.waitFor({ kind: 'sync-keys-shared', number: shop.number, device: 1, keys: 2 }, { since: position })
  await app.socket.addOrEditContact(jid(BOB), { fullName: 'Bob' })
  expect(await shop.contacts()).toHaveLength(2)
})

test('a change nobody told the device of comes with the next it is told of', async () => {
  const { shop, seen } = await shopWithAna()
  await phones.loseNews(shop.number)
  await shop.renameContact(ANA, 'Ana García')
  await phones.loseNews(shop.number, false)
  await shop.saveContact(BOB, 'Bob')
  await seen.until('both', () => seen.names.get(jid(ANA)) === 'Ana García' && seen.names.get(jid(BOB)) === 'Bob')
})
