import { encodeSyncdPatch, newLTHashState, proto, type BinaryNode } from '@whiskeysockets/baileys'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { BareApp } from './bare-app'
import { connectPhones, type PhoneClient, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { StateSeen } from './state-seen'
import { trustEmulator } from './trust'

let emulator: WhatsAppEmulator
let phones: Phones
const apps: BareApp[] = []
const ANA = '34611222333'
const BOB = '34611222444'
const jid = (number: string) => `${number}@s.whatsapp.net`
const { SET } = proto.SyncdMutation.SyncdOperation

async function linked(phone: PhoneClient, config = {}) {
  const verifying = { appStateMacVerification: { patch: true, snapshot: true } }
  const app = new BareApp(emulator.webSocketUrl, undefined, { ...verifying, ...config })
  apps.push(app)
  const seen = new StateSeen(app)
  await app.linkByQr(phone)
  await seen.synced()
  return { app, seen }
}

async function shopWithAna(config = {}) {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  await shop.saveContact(ANA, 'Ana')
  const device = await linked(shop, config)
  await device.seen.until('Ana', () => device.seen.names.get(jid(ANA)) === 'Ana')
  return { shop, ...device }
}

/** A patch written by hand, as an app might that does not leave it to Baileys. Answers with the server's answer. */
async function writeContact(app: BareApp, name: string, version: number, spoil?: (patch: proto.ISyncdPatch) => void) {
  const { creds, keys } = app.auth
  const known = await keys.get('app-state-sync-version', ['critical_unblock_low'])
  const { patch } = await encodeSyncdPatch(
    {
      type: 'critical_unblock_low',
      index: ['contact', jid(ANA)],
      syncAction: { contactAction: { fullName: name }, timestamp: Date.now() },
      apiVersion: 2,
      operation: SET,
    },
    creds.myAppStateKeyId ?? '',
    known.critical_unblock_low ?? newLTHashState(),
    async (id) => (await keys.get('app-state-sync-key', [id]))[id],
  )
  spoil?.(patch)
  const bytes = proto.SyncdPatch.encode(patch).finish()
  const attrs = { name: 'critical_unblock_low', version: String(version), return_snapshot: 'false' }
  const collection = { tag: 'collection', attrs, content: [{ tag: 'patch', attrs: {}, content: bytes }] }
  const answer = (await app.socket.query({
    tag: 'iq',
    attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'w:sync:app:state' },
    content: [{ tag: 'sync', attrs: {}, content: [collection] }],
  })) as BinaryNode
  return contentOf(contentOf(answer)[0])[0]
}

const contentOf = (parent: BinaryNode | undefined) => (Array.isArray(parent?.content) ? parent.content : [])

beforeAll(async () => {
  emulator = await startWhatsAppEmulator({ say: () => {} })
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
})
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop()
  await phones.clearFaults()
})
afterAll(() => emulator.close())

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
  const { shop, app, seen } = await shopWithAna({ defaultQueryTimeoutMs: 300 })
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

test('a write on an old version is refused with 409 and what was missed', async () => {
  const { shop, app, seen } = await shopWithAna()
  await shop.renameContact(ANA, 'Ana 2')
  await seen.until('the rename', () => seen.names.get(jid(ANA)) === 'Ana 2')
  const refused = await writeContact(app, 'Too late', 1)
  expect(refused?.attrs).toMatchObject({ type: 'error', name: 'critical_unblock_low' })
  const [error, patches] = contentOf(refused)
  expect(error).toMatchObject({ tag: 'error', attrs: { code: '409' } })
  expect(patches?.content).toHaveLength(1)
  expect((await writeContact(app, 'In time', 2))?.attrs).toEqual({ name: 'critical_unblock_low', version: '3' })
  expect(await shop.contacts()).toMatchObject([{ name: 'In time' }])
})

test('Baileys takes a conflict for success; only starting over makes both sides equal again', async () => {
  const { shop, app, seen } = await shopWithAna({ emitOwnEvents: false })
  await phones.appStateFault('conflict', { number: shop.number, count: 1 })
  await app.socket.addOrEditContact(jid(ANA), { fullName: 'Lost' })
  expect(await shop.contacts()).toMatchObject([{ name: 'Ana' }])
  await phones.waitFor({ kind: 'app-state-conflict', number: shop.number })
  const position = await phones.position()
  await shop.saveContact(BOB, 'Bob')
  await phones.waitFor({ kind: 'app-state-fetched', number: shop.number }, { since: position })
  await app.auth.keys.set({ 'app-state-sync-version': { critical_unblock_low: null } })
  await app.socket.resyncAppState(['critical_unblock_low'], false)
  await seen.until('Bob', () => seen.names.get(jid(BOB)) === 'Bob')
  await app.socket.addOrEditContact(jid(ANA), { fullName: 'Kept' })
  expect(await shop.contacts('Kept')).toHaveLength(1)
})

test.each([
  ['patchMac', (patch: proto.ISyncdPatch) => spoil(patch.patchMac)],
  ['snapshotMac', (patch: proto.ISyncdPatch) => spoil(patch.snapshotMac)],
  ['value', (patch: proto.ISyncdPatch) => spoil(patch.mutations?.[0]?.record?.value?.blob)],
  ['index', (patch: proto.ISyncdPatch) => spoil(patch.mutations?.[0]?.record?.index?.blob)],
])('a write whose %s was tampered with is not taken, and said loudly', async (_what, tamper) => {
  const { shop, app } = await shopWithAna()
  const position = await phones.position()
  const answer = await writeContact(app, 'Tampered', 1, tamper)
  expect(contentOf(answer)[0]).toMatchObject({ tag: 'error', attrs: { code: '400' } })
  const violations = (await phones.history(position)).filter((event) => event.kind === 'violation')
  expect(violations).toHaveLength(1)
  expect(await shop.contacts()).toMatchObject([{ name: 'Ana' }])
})

test('bytes that are no patch are refused like any other write that does not verify', async () => {
  const { shop, app } = await shopWithAna()
  const position = await phones.position()
  const collection = {
    tag: 'collection',
    attrs: { name: 'regular', version: '0' },
    content: [{ tag: 'patch', attrs: {}, content: Buffer.from('no patch at all') }],
  }
  const answer = (await app.socket.query({
    tag: 'iq',
    attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'w:sync:app:state' },
    content: [{ tag: 'sync', attrs: {}, content: [collection] }],
  })) as BinaryNode
  expect(contentOf(contentOf(contentOf(answer)[0])[0])[0]?.attrs.code).toBe('400')
  expect((await phones.history(position)).filter((event) => event.kind === 'violation')).toHaveLength(1)
  await app.socket.addOrEditContact(jid(ANA), { fullName: 'Still connected' })
  expect(await shop.contacts()).toMatchObject([{ name: 'Still connected' }])
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

function spoil(bytes: Uint8Array | null | undefined): void {
  if (!bytes) throw new Error('There is nothing to spoil')
  bytes[0] = (bytes[0] ?? 0) ^ 1
}

test('labels of a device on a phone without them are a violation', async () => {
  const ben = await phones.create({ name: 'Ben', platform: 'android' })
  const { app } = await linked(ben)
  const position = await phones.position()
  await app.socket.addLabel('', { id: '1', name: 'VIP', color: 0, deleted: false, predefinedId: 0 })
  const violations = (await phones.history(position)).filter((event) => event.kind === 'violation')
  expect(violations).toHaveLength(1)
  expect(await ben.labels()).toEqual([])
})

test('a change nobody told the device of comes with the next it is told of', async () => {
  const { shop, seen } = await shopWithAna()
  await phones.loseNews(shop.number)
  await shop.renameContact(ANA, 'Ana García')
  await phones.loseNews(shop.number, false)
  await shop.saveContact(BOB, 'Bob')
  await seen.until('both', () => seen.names.get(jid(ANA)) === 'Ana García' && seen.names.get(jid(BOB)) === 'Bob')
})

test('what a device changes while the phone is offline is there when the phone is back', async () => {
  const { shop, app } = await shopWithAna()
  await shop.goOffline()
  await app.socket.addOrEditContact(jid(BOB), { fullName: 'Bob' })
  expect(await shop.contacts()).toHaveLength(1)
  await expect(shop.saveContact(BOB, 'Bob')).rejects.toThrow('offline')
  await shop.goOnline()
  expect((await shop.contacts()).map(({ name }) => name)).toEqual(['Ana', 'Bob'])
})
