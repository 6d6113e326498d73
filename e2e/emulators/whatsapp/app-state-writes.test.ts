import type { proto } from '@whiskeysockets/baileys'
import { expect, test } from 'vitest'
import { contentOf, jid, writeBytes, writeContact } from './app-state-steps'
import type { BareApp } from './bare-app'
import { ANA, BOB, linked, phones, shopWithAna, useEmulator } from './app-state-world'

useEmulator()

const violationsSince = async (position: number) =>
  (await phones.history(position)).filter((event) => event.kind === 'violation')

test('a write on an old version is refused with 409 and what was missed', async () => {
  const { shop, app, seen } = await shopWithAna()
  await shop.renameContact(ANA, 'Ana 2')
  await seen.until('the rename', () => seen.names.get(jid(ANA)) === 'Ana 2')
  const refused = await writeContact(app, { number: ANA, name: 'Too late' }, 1)
  expect(refused?.attrs).toMatchObject({ type: 'error', name: 'critical_unblock_low' })
  const [error, patches] = contentOf(refused)
  expect(error).toMatchObject({ tag: 'error', attrs: { code: '409' } })
  expect(patches?.content).toHaveLength(1)
  expect((await writeContact(app, { number: ANA, name: 'In time' }, 2))?.attrs).toEqual({
    name: 'critical_unblock_low',
    version: '3',
  })
  expect(await shop.contacts()).toMatchObject([{ name: 'In time' }])
})

test('writes of two devices and the phone at once all get through when who wrote looks at the answer', async () => {
  const { shop, app } = await shopWithAna()
  const second = await linked(shop)
  const position = await phones.position()
  const until409Ends = async (writer: BareApp, name: string) => {
    for (;;) {
      await writer.socket.resyncAppState(['critical_unblock_low'], false)
      const { critical_unblock_low: state } = await writer.auth.keys.get('app-state-sync-version', [
        'critical_unblock_low',
      ])
      const answer = await writeContact(writer, { number: ANA, name }, state?.version ?? 0)
      if (answer?.attrs.type !== 'error') return
      expect(contentOf(answer)[0]?.attrs.code).toBe('409')
    }
  }
  const repeat = async (work: (n: number) => Promise<unknown>) => {
    for (let n = 0; n < 15; n++) await work(n)
  }
  await Promise.all([
    repeat((n) => until409Ends(app, `one ${n}`)),
    repeat((n) => until409Ends(second.app, `two ${n}`)),
    repeat((n) => shop.renameContact(ANA, `phone ${n}`)),
  ])
  const saved = (await phones.history(position)).filter((event) => event.kind === 'contact-saved')
  expect(saved.map(({ name }) => name).sort()).toEqual(
    ['one', 'two', 'phone'].flatMap((who) => Array.from({ length: 15 }, (_, n) => `${who} ${n}`)).sort(),
  )
  const third = await linked(shop)
  const [contact] = await shop.contacts()
  await third.seen.until('the last name', () => third.seen.names.get(jid(ANA)) === contact?.name)
  expect(await violationsSince(position)).toEqual([])
  const conflicts = (await phones.history(position)).filter((event) => event.kind === 'app-state-conflict')
  expect(conflicts.length).toBeGreaterThan(0)
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
  const answer = await writeContact(app, { number: ANA, name: 'Tampered' }, 1, tamper)
  expect(contentOf(answer)[0]).toMatchObject({ tag: 'error', attrs: { code: '400' } })
  expect(await violationsSince(position)).toHaveLength(1)
  expect(await shop.contacts()).toMatchObject([{ name: 'Ana' }])
})

test('bytes that are no patch are refused like any other write that does not verify', async () => {
  const { shop, app } = await shopWithAna()
  const position = await phones.position()
  const answer = await writeBytes(app, 'regular', 0, Buffer.from('no patch at all'))
  expect(contentOf(answer)[0]?.attrs.code).toBe('400')
  expect(await violationsSince(position)).toHaveLength(1)
  await app.socket.addOrEditContact(jid(ANA), { fullName: 'Still connected' })
  expect(await shop.contacts()).toMatchObject([{ name: 'Still connected' }])
})

test('labels of a device on a phone without them are a violation', async () => {
  const ben = await phones.create({ name: 'Ben', platform: 'android' })
  const { app } = await linked(ben)
  const position = await phones.position()
  await app.socket.addLabel('', { id: '1', name: 'VIP', color: 0, deleted: false, predefinedId: 0 })
  expect(await violationsSince(position)).toHaveLength(1)
  expect(await ben.labels()).toEqual([])
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

function spoil(bytes: Uint8Array | null | undefined): void {
  if (!bytes) throw new Error('There is nothing to spoil')
  bytes[0] = (bytes[0] ?? 0) ^ 1
}
