import { describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { FaultPoint } from '@/lib/channel/channel'
import { addressOf, failure, sendText, worldForTests } from './test-steps'

const here = worldForTests()

describe('sending', () => {
  test.each([
    [463, 'rate_capped'],
    [479, 'rejected_by_whatsapp'],
  ] as const)('refused with %i it certainly did not go, and is not tried again', async (code, errorCode) => {
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    const to = await addressOf(line, bob.phone)
    await here.world.phones.nack(code, { to: bob.client.number, count: 1 })
    expect(await failure(sendText(session, line, to, 'refused'))).toMatchObject({
      fate: 'not_sent',
      final: true,
      code: errorCode,
    })
    await sendText(session, line, to, 'accepted')
    await bob.waitForText('accepted')
    expect(await bob.texts()).toEqual(['accepted'])
    await line.close()
  })

  test('a question open when the connection ends is answered by that, not by its own time-out', async () => {
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    const number = session.owner.number
    await here.world.phones.mute(number)
    const asked = failure(line.lookUp(bob.phone))
    await here.world.phones.closeConnections(number, 503)
    expect(await asked).toMatchObject({ fate: 'not_sent', final: false })
    await here.world.phones.clearFaults()
    await line.close()
  })

  test('unconfirmed it may have gone: the line reconnects, and the same bytes under the same id show once', async () => {
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    await bob.client.setMode('strict')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'first')
    await here.world.phones.dropAcks({ to: bob.client.number, count: 1 })
    const from = session.ears.events.length
    const id = session.channel.kind.mintId!()
    const prepared = await line.prepare(to, { kind: 'text', text: 'in doubt' })
    expect(await failure(line.send(to, prepared, id))).toMatchObject({ fate: 'unknown' })
    await session.ears.reconnected(from)
    await line.send(to, prepared, id)
    await sendText(session, line, to, 'last')
    await bob.waitForText('last')
    expect(await bob.texts()).toEqual(['first', 'in doubt', 'last'])
    await line.close()
  })

  test('killed behind the frame, the next owner uses no key again, and a strict phone reads everything', async () => {
    let cut: (() => Promise<void>) | null = null
    const reach = async (point: FaultPoint) => {
      if (point === 'after_wa_write') await cut?.()
    }
    const { session, line } = await here.started({ reach })
    const bob = await session.meet('Bob')
    await bob.client.setMode('strict')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'first')
    await bob.write('so that the session is established')
    await session.ears.text('so that the session is established')
    const id = session.channel.kind.mintId!()
    const prepared = await line.prepare(to, { kind: 'text', text: 'in doubt' })
    // As after a kill: the frame is out, and nothing this process does afterwards counts.
    cut = () => session.takeOver()
    await line.send(to, prepared, id).catch(() => {})
    cut = null
    await line.close()
    const from = session.ears.events.length
    const next = await session.open()
    next.connect()
    await session.ears.state('connected', { from })
    await sendText(session, next, to, 'another one first')
    await next.send(to, prepared, id)
    await sendText(session, next, to, 'last')
    await bob.waitForText('last')
    expect(await bob.texts()).toEqual(['first', 'in doubt', 'another one first', 'last'])
    expect(await here.eventsOf('undecryptable', () => true)).toEqual([])
    await next.close()
  })

  test('a process that may no longer write sends no frame', async () => {
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'mine')
    const before = await session.framesSeen()
    session.isMine = () => false
    expect(await failure(sendText(session, line, to, 'not mine'))).toMatchObject({ fate: 'not_sent' })
    await bob.write('nobody confirms this')
    await line.close()
    expect(await session.framesSeen()).toBe(before)
    const confirmed = await here.eventsOf('receipt-from-companion', ({ to: author }) => author === bob.client.number)
    expect(confirmed).toEqual([])
  })

  test('a receiver that lost its sessions gets the message again from what was stored', async () => {
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'before')
    await bob.write('established')
    await session.ears.text('established')
    await bob.client.loseSessions()
    const id = await sendText(session, line, to, 'after')
    await bob.waitForText('after')
    await session.ears.waitFor('receipt', ({ ids, status }) => status === 'delivered' && ids.includes(id))
    await line.close()
  })

  test('the contact is given our privacy token once, not with every message', async () => {
    const frames = vi.spyOn(WebSocket.prototype, 'send')
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    const to = await addressOf(line, bob.phone)
    const delivered = async (text: string) => {
      const id = await sendText(session, line, to, text)
      await session.ears.waitFor('receipt', ({ ids, status }) => status === 'delivered' && ids.includes(id))
    }
    const clientFrames = () =>
      // The emulator's own end of the wire is in this process too.
      frames.mock.contexts.filter((socket) => !(socket as unknown as { _isServer: boolean })._isServer).length
    await delivered('first')
    // A device just linked is still told what the account shares.
    for (let seen = -1; seen !== clientFrames();) {
      seen = clientFrames()
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const before = clientFrames()
    for (let i = 0; i < 3; i++) await delivered(`m${i}`)
    await bob.client.read(session.owner)
    await session.ears.waitFor('receipt', ({ status }) => status === 'read')
    await line.close()
    // Three messages, three confirmed deliveries and one confirmed reading; with a token each it would be ten.
    expect(clientFrames() - before).toBeGreaterThanOrEqual(6)
    expect(clientFrames() - before).toBeLessThanOrEqual(9)
    frames.mockRestore()
  })

  test('both ways at once in one chat, with a slow database, a strict phone misses nothing', async () => {
    const { session, line } = await here.started({ slowMs: 8 })
    const bob = await session.meet('Bob')
    await bob.client.setMode('strict')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'hello')
    const count = 60
    const out = (async () => {
      for (let i = 0; i < count; i++) await sendText(session, line, to, `out ${i}`)
    })()
    const back = (async () => {
      for (let i = 0; i < count; i++) await bob.write(`in ${i}`)
    })()
    await Promise.all([out, back])
    await session.ears.text(`in ${count - 1}`)
    await bob.waitForText(`out ${count - 1}`)
    expect(session.ears.texts()).toEqual(Array.from({ length: count }, (_, i) => `in ${i}`))
    expect(await bob.texts()).toEqual(['hello', ...Array.from({ length: count }, (_, i) => `out ${i}`)])
    await line.close()
  })
})
