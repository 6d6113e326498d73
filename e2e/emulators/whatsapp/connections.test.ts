import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BareApp, memoryAuth, textOf } from './bare-app'
import { connectPhones, type PhoneClient, type Phones } from './client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from './server'
import { trustEmulator } from './trust'

let emulator: WhatsAppEmulator
let phones: Phones
const apps: BareApp[] = []

const pnOf = (phone: PhoneClient) => `${phone.number}@s.whatsapp.net`

async function linkedApp(owner: PhoneClient): Promise<BareApp> {
  const app = newApp()
  await app.linkByQr(owner)
  return app
}

function newApp(auth = memoryAuth(), config = {}): BareApp {
  const app = new BareApp(emulator.webSocketUrl, auth, config)
  apps.push(app)
  return app
}

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
})
afterEach(async () => {
  await phones.clearFaults()
  for (const app of apps.splice(0)) await app.stop()
})
afterAll(() => emulator.close())

describe('linking by code', () => {
  test('the code typed on the phone links the app', async () => {
    const owner = await phones.create()
    const app = newApp().connect()
    await app.qr()
    const code = await app.socket.requestPairingCode(owner.number)
    await phones.waitFor((event) => event.kind === 'code-offered' && event.number === owner.number)
    await owner.enterCode(`${code.slice(0, 4)}-${code.slice(4)}`)
    expect(await app.closed()).toBe(515)
    await app.reconnect()
    const bob = await phones.create()
    await app.send(pnOf(bob), 'linked by code')
    await bob.waitForText(owner, 'linked by code')
  })

  test('a wrong code links nothing and the right one still does', async () => {
    const owner = await phones.create()
    const app = newApp().connect()
    await app.qr()
    await app.socket.requestPairingCode(owner.number, 'ABCD2345')
    await phones.waitFor((event) => event.kind === 'code-offered' && event.number === owner.number)
    await expect(owner.enterCode('ABCD-2346')).rejects.toThrow('Check the code')
    expect((await owner.view()).devices).toEqual([])
    await owner.enterCode('ABCD-2345')
    expect(await app.closed()).toBe(515)
  })

  test('a code is no longer asked for after its time', async () => {
    await phones.setTimings({ codeMs: 0 })
    const owner = await phones.create()
    const app = newApp().connect()
    await app.qr()
    const code = await app.socket.requestPairingCode(owner.number)
    await phones.waitFor((event) => event.kind === 'code-offered' && event.number === owner.number)
    await expect(owner.enterCode(code)).rejects.toThrow('Ask for a new code')
    await phones.setTimings({ codeMs: 180_000 })
  })

  test('credentials left over from an abandoned linking are refused with 401', async () => {
    const owner = await phones.create()
    const app = newApp().connect()
    await app.qr()
    await app.socket.requestPairingCode(owner.number)
    await app.stop()
    const from = app.seen.length
    app.connect()
    expect(await app.closed(from)).toBe(401)
  })
})

describe('linking by QR', () => {
  test('a code that was replaced, tampered with or shown by nobody links nothing', async () => {
    const owner = await phones.create()
    const app = newApp().connect()
    const qr = await app.qr()
    await expect(owner.scan(qr.replace(/#2@..../, '#2@AAAA'))).rejects.toThrow('not valid any more')
    const parts = qr.split(',')
    parts[1] = Buffer.alloc(32, 7).toString('base64')
    await expect(owner.scan(parts.join(','))).rejects.toThrow('does not belong')
    const since = await phones.position()
    await app.stop()
    await phones.waitFor((event) => event.kind === 'applicant-left', { since })
    await expect(owner.scan(qr)).rejects.toThrow('not valid any more')
    expect((await owner.view()).devices).toEqual([])
  })

  test('a code is not valid for longer than the server says', async () => {
    await phones.setTimings({ qrFirstMs: 0, qrNextMs: 0, qrGraceMs: -1 })
    const owner = await phones.create()
    const app = newApp().connect()
    await expect(owner.scan(await app.qr())).rejects.toThrow('not valid any more')
    await phones.setTimings({ qrFirstMs: 60_000, qrNextMs: 20_000, qrGraceMs: 5_000 })
  })

  test('a connection that waits to be linked can be ended', async () => {
    const app = newApp().connect()
    await app.qr()
    await phones.closePairing(503)
    expect(await app.closed()).toBe(503)
  })

  test('a phone links four devices and no fifth, and messages reach all of them', async () => {
    const owner = await phones.create()
    const linked = [await linkedApp(owner), await linkedApp(owner), await linkedApp(owner), await linkedApp(owner)]
    await expect(owner.scan(await newApp().connect().qr())).rejects.toThrow('4 linked devices')
    const bob = await phones.create()
    await bob.sendText(owner, 'to all')
    await Promise.all(linked.map((app) => app.text('to all')))
    await linked[0]?.send(pnOf(bob), 'from the first')
    const copies = await Promise.all(linked.slice(1).map((app) => app.text('from the first')))
    expect(copies.map(({ key }) => key.fromMe)).toEqual([true, true, true])
  })
})

describe('ends of a connection', () => {
  test.each([401, 402, 403, 405, 406, 408, 409, 411, 419, 428, 440, 500, 503, 515])(
    '%i ends a live connection with that code, is the answer to a login, and the login after it succeeds',
    async (code) => {
      const owner = await phones.create()
      const app = await linkedApp(owner)
      let from = app.seen.length
      expect(await phones.closeConnections(owner.number, code)).toBe(1)
      expect(await app.closed(from)).toBe(code)
      await phones.loginAnswer(owner.number, code)
      from = app.seen.length
      app.connect()
      expect(await app.closed(from)).toBe(code)
      await app.reconnect()
    },
  )

  test('a second login replaces the first, which is told so', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const from = app.seen.length
    const second = newApp(app.auth.snapshot())
    await second.reconnect()
    expect(await app.closed(from)).toBe(440)
    const bob = await phones.create()
    await bob.sendText(owner, 'to the second')
    await second.text('to the second')
  })

  test('a login with the right number and a foreign key is refused', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const stranger = memoryAuth()
    stranger.creds.me = app.auth.creds.me
    const other = newApp(stranger)
    other.connect()
    expect(await other.closed()).toBe(401)
    expect((await owner.waitForDevice()).isConnected).toBe(true)
  })

  test('a server that cannot be reached ends the try, and the next one succeeds', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    await app.stop()
    await phones.refuseConnections()
    const from = app.seen.length
    app.connect()
    expect(await app.closed(from)).toBeGreaterThan(0)
    await phones.refuseConnections(false)
    await app.reconnect()
  })
})

describe('unlinking', () => {
  test('from the phone, while the app is connected', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const { device } = await owner.waitForDevice()
    const from = app.seen.length
    await owner.unlink(device)
    expect(await app.closed(from)).toBe(401)
    expect((await owner.view()).devices).toEqual([])
  })

  test('from the phone, while the app is away', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const { device } = await owner.waitForDevice()
    await app.stop()
    await owner.unlink(device)
    const from = app.seen.length
    app.connect()
    expect(await app.closed(from)).toBe(401)
  })

  test('from the app', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const from = app.seen.length
    await app.socket.logout()
    expect(await app.closed(from)).toBe(401)
    await phones.waitFor((event) => event.kind === 'unlinked' && event.number === owner.number)
    expect((await owner.view()).devices).toEqual([])
    await owner.scan(await newApp().connect().qr())
    expect((await owner.view()).devices).toHaveLength(1)
  })
})

describe('while the app was away', () => {
  test('everything waits, arrives in order as backlog, and is confirmed', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const bob = await phones.create()
    await bob.sendText(owner, 'before')
    await app.text('before')
    await app.stop()
    await phones.sendMany(
      Array.from({ length: 300 }, (_, i) => ({ from: bob.number, to: owner.number, text: `waiting ${i}` })),
    )
    const own = await owner.sendText(bob, 'typed meanwhile')
    const from = app.seen.length
    await app.reconnect()
    await app.text('waiting 299', from)
    await app.message(({ key }) => key.id === own, from)
    const waited = app.seen.slice(from).flatMap((seen) => {
      const text = seen.kind === 'message' ? textOf(seen.message.message) : undefined
      return seen.kind === 'message' && text?.startsWith('waiting') ? [{ type: seen.type, text }] : []
    })
    expect(waited).toEqual(Array.from({ length: 300 }, (_, i) => ({ type: 'append', text: `waiting ${i}` })))
    const ended = app.seen
      .slice(from)
      .some((seen) => seen.kind === 'connection' && seen.update.receivedPendingNotifications === true)
    expect(ended).toBe(true)
    await phones.waitFor((event) => event.kind === 'receipt-from-companion' && (event.ids as string[]).includes(own))
    expect((await owner.view()).devices).toMatchObject([{ queued: 0 }])
  })

  test('what was written to the app but not confirmed is written again', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const bob = await phones.create()
    await bob.sendText(owner, 'first')
    await app.text('first')
    // From here the server hears nothing from this account: the receipt is lost with the connection.
    app.socket.ws.removeAllListeners('CB:message')
    const id = await bob.sendText(owner, 'not confirmed')
    await phones.waitFor((event) => event.kind === 'delivered-to-companion' && event.id === id)
    await app.stop()
    const from = app.seen.length
    await app.reconnect()
    await app.text('not confirmed', from)
    const writes = (await phones.history()).filter(
      (event) => event.kind === 'delivered-to-companion' && event.id === id && event.stanza === 'message',
    )
    expect(writes).toMatchObject([
      { isOffline: false, isAgain: false },
      { isOffline: true, isAgain: true },
    ])
    await bob.waitForStatus(owner, id, 'delivered')
  })

  test('a backlog that is cut off in the middle is continued with the rest', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const bob = await phones.create()
    await bob.sendText(owner, 'before')
    await app.text('before')
    await app.stop()
    const texts = Array.from({ length: 40 }, (_, i) => `part ${i}`)
    await phones.sendMany(texts.map((text) => ({ from: bob.number, to: owner.number, text })))
    await phones.cutAfter(owner.number, 15)
    const from = app.seen.length
    app.connect()
    expect(await app.closed(from)).toBe(428)
    await app.reconnect()
    const writes = await phones.call('history', {
      match: { kind: 'delivered-to-companion', number: owner.number, stanza: 'message', isOffline: true },
    })
    expect(new Set(writes.map(({ id }) => id)).size).toBe(40)
    expect(writes.filter(({ isAgain }) => !isAgain)).toHaveLength(40)
    await owner.waitForChange(async () => ((await owner.view()).devices[0]?.queued === 0 ? true : undefined))
  })

  test('delivery can be held back and let go', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const bob = await phones.create()
    await phones.pauseDelivery(owner.number)
    const id = await bob.sendText(owner, 'held back')
    expect((await owner.view()).devices[0]?.queued).toBeGreaterThan(0)
    await phones.resumeDelivery(owner.number)
    expect((await app.text('held back')).key.id).toBe(id)
  })
})

describe('the first login', () => {
  test('brings the chats of the phone and the key for app state', async () => {
    const owner = await phones.create()
    const bob = await phones.create({ name: 'Bob' })
    const id = await bob.sendText(owner, 'from before')
    await owner.waitForText(bob, 'from before')
    const app = await linkedApp(owner)
    const history = await app.waitFor('the history', (seen) =>
      seen.kind === 'event' && seen.name === 'messaging-history.set'
        ? (seen.value as { messages: { key: { id: string } }[]; contacts: { name?: string }[] })
        : undefined,
    )
    expect(history.messages.map(({ key }) => key.id)).toEqual([id])
    await app.waitFor('the key', () => app.auth.creds.myAppStateKeyId)
  })
})

describe('signs of life', () => {
  test('typing and presence cross both ways', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const bob = await phones.create({ settings: { addressing: 'pn' } })
    const presences = (state: string) =>
      app.waitFor(`presence ${state}`, (seen) => {
        if (seen.kind !== 'event' || seen.name !== 'presence.update') return undefined
        const { presences } = seen.value as { presences: Record<string, { lastKnownPresence: string }> }
        return Object.values(presences).some((each) => each.lastKnownPresence === state) || undefined
      })
    await app.socket.presenceSubscribe(pnOf(bob))
    await presences('available')
    await bob.typing(owner)
    await presences('composing')
    await bob.goOffline()
    await presences('unavailable')
    await app.socket.sendPresenceUpdate('composing', pnOf(bob))
    await phones.waitFor((event) => event.kind === 'typing' && event.to === bob.number)
    expect((await bob.view()).chats).toEqual([])
  })

  test('what the app reads is read for the sender', async () => {
    const owner = await phones.create()
    const app = await linkedApp(owner)
    const bob = await phones.create()
    const id = await bob.sendText(owner, 'read me')
    const { key } = await app.text('read me')
    await bob.waitForStatus(owner, id, 'delivered')
    await app.socket.readMessages([key])
    await bob.waitForStatus(owner, id, 'read')
  })
})

test('nothing in all this was against the protocol or left unanswered', async () => {
  expect(await phones.counters()).toMatchObject({ violations: 0, unknownQueries: {} })
})
