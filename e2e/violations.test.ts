import { expect, test } from 'vitest'
import { TestWorld } from '@/lib/channel/whatsapp/test-world'
import { startBridgeKit } from './bridge-kit'
import { createHistory } from './emulators/history'
import { refuseViolations } from './violations'

test('a kit whose CRM was asked for what there is not fails at its end', async () => {
  const kit = await startBridgeKit()
  await fetch(`${kit.emulator.apiUrl}/no/such/path`)
  await expect(kit.close()).rejects.toThrow(/1 against the protocols: CRM: .*no\/such\/path/)
})

test('a network that was sent what is no handshake fails the world at its end', async () => {
  const world = await TestWorld.start()
  const socket = new WebSocket(world.emulator.webSocketUrl)
  socket.onopen = () => socket.send('hello')
  await new Promise((closed) => (socket.onclose = closed))
  await expect(world.stop()).rejects.toThrow(/1 against the protocols: WhatsApp: .*A broken handshake/)
})

test('what is provoked is named, and must come', () => {
  const seen = { history: createHistory('whatsapp') }
  refuseViolations([seen])
  expect(() => refuseViolations([seen], ['A message for nobody'])).toThrow(
    'nobody broke a protocol by: A message for nobody',
  )
  seen.history.add('violation', { what: 'A message for nobody' })
  refuseViolations([seen], ['A message for nobody'])
  seen.history.add('unknown-query', { query: 'w:surprise get' })
  expect(() => refuseViolations([seen], ['A message for nobody'])).toThrow('w:surprise get')
})
