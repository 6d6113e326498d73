import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { BareApp } from './bare-app'
import { connectPhones } from './client'
import { startWhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

const dataDir = mkdtempSync(join(tmpdir(), 'whatsapp-emulator-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

test('phones, keys, sessions, queues and history survive a restart of the emulator', async () => {
  const before = await startWhatsAppEmulator({ dataDir })
  trustEmulator(before.rootPublicKey)
  const phonesBefore = connectPhones(before.url)
  const owner = await phonesBefore.create({ name: 'Shop', platform: 'smba' })
  const bob = await phonesBefore.create({ name: 'Bob', settings: { mode: 'strict', autoRead: true } })
  const app = new BareApp(before.webSocketUrl)
  await app.linkByQr(owner)
  await app.send(`${bob.number}@s.whatsapp.net`, 'before the restart')
  await bob.waitForText(owner, 'before the restart')
  await bob.sendText(owner, 'answer')
  await app.text('answer')
  await app.stop()
  const queued = await bob.sendText(owner, 'waits over the restart')
  const seenBefore = (await phonesBefore.history()).length
  await before.close()

  const after = await startWhatsAppEmulator({ dataDir })
  expect(after.rootPublicKey).toBe(before.rootPublicKey)
  const phones = connectPhones(after.url)
  expect((await phones.history()).length).toBeGreaterThanOrEqual(seenBefore)
  expect(await phones.phone(bob.number).view()).toMatchObject({ name: 'Bob', settings: { autoRead: true } })
  expect((await phones.phone(bob.number).chat(owner)).map(({ text }) => text)).toEqual([
    'before the restart',
    'answer',
    'waits over the restart',
  ])

  const again = new BareApp(after.webSocketUrl, app.auth)
  await again.reconnect()
  expect((await again.text('waits over the restart')).key.id).toBe(queued)
  const id = await again.send(`${bob.number}@s.whatsapp.net`, 'after the restart')
  await phones.phone(bob.number).waitForText(owner, 'after the restart')
  const unreadable = (await phones.history()).filter((event) => event.kind === 'undecryptable')
  expect(unreadable).toEqual([])
  await phones.phone(owner.number).waitForStatus(bob, id, 'read')
  await again.stop()
  await after.close()
})
