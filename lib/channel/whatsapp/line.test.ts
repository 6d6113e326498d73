import { randomInt } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { whatsappCredentials, whatsappInbox, whatsappKeys } from '@/db/schema/whatsapp'
import type { FaultPoint, Line, SendError } from '@/lib/channel/channel'
import { RecordingEars } from '@/lib/channel/recording-ears'
import type { Address, RemoteId } from '@/lib/ids'
import { createLog } from '@/lib/log'
import { TestWorld, type TestSession } from './test-world'

let world: TestWorld
beforeAll(async () => {
  world = await TestWorld.start()
})
afterEach(() => world.phones.clearFaults())
afterAll(() => world.stop())

const eventsOf = async (kind: string, fits: (event: Record<string, unknown>) => boolean = () => true) =>
  (await world.phones.history()).filter((event) => event.kind === kind && fits(event))

async function started(more: Parameters<TestWorld['channel']>[0] = {}): Promise<{ session: TestSession; line: Line }> {
  const session = await world.session(world.channel(more))
  return { session, line: await session.linked() }
}

async function addressOf(line: Line, phone: string): Promise<Address> {
  return (await line.lookUp(phone))!.address
}

async function sendText(session: TestSession, line: Line, to: Address, text: string): Promise<RemoteId> {
  const id = session.channel.kind.mintId!()
  const prepared = await line.prepare(to, { kind: 'text', text })
  session.ears.sent.set(id, prepared)
  await line.send(to, prepared, id)
  return id
}

const unheardOf = (session: TestSession) =>
  world.db
    .select({ id: whatsappInbox.id })
    .from(whatsappInbox)
    .where(sql`session_id = ${session.id} and heard_at is null`)

const failure = (sending: Promise<unknown>): Promise<SendError> =>
  sending.then(
    () => Promise.reject(new Error('it was sent')),
    (error: SendError) => error,
  )

describe('linking', () => {
  test('by a code typed on the phone', async () => {
    const session = await world.session()
    const line = await session.open()
    line.connect()
    await session.ears.state('awaiting_link')
    const code = await line.pairWithCode(`+${session.owner.number}`)
    expect(code).toMatchObject({ kind: 'code', text: expect.stringMatching(/^[1-9A-Z]{8}$/) })
    await session.link(code)
    const { account } = await session.ears.state('connected')
    expect(account?.phone).toBe(`+${session.owner.number}`)
    expect(account?.aliases.map((alias) => alias.replace(/^\d+/, ''))).toEqual(['@lid', '@s.whatsapp.net'])
    await expect(line.pairWithCode('34600100200')).rejects.toThrow(/only while/)
    await line.close()
  })

  test('nobody scans: QRs follow each other, the window closes, nothing is stored and nothing keeps running', async () => {
    const session = await world.session(world.channel({ timings: { pairingWindowMs: 900, qrMs: 80 } }))
    const line = await session.open()
    line.connect()
    expect(await session.ears.state('unpaired')).toMatchObject({ reason: 'pairing_timeout' })
    const texts = session.ears.of('state').flatMap(({ pairing }) => (pairing ? [pairing.text] : []))
    expect(texts.length).toBeGreaterThan(6)
    expect(new Set(texts).size).toBe(texts.length)
    expect(
      await world.db
        .select()
        .from(whatsappCredentials)
        .where(sql`session_id = ${session.id}`),
    ).toEqual([])
    const from = session.ears.events.length
    line.connect()
    await session.ears.state('awaiting_link', { from })
    await line.close()
  })

  test('a linking given up after asking for a code does not spoil the next one', async () => {
    const session = await world.session()
    const line = await session.open()
    line.connect()
    await session.ears.state('awaiting_link')
    await line.pairWithCode(session.owner.number)
    await line.close()
    const ears = new RecordingEars()
    const next = await session.open(ears)
    next.connect()
    await session.link((await ears.state('awaiting_link')).pairing!)
    await ears.state('connected')
    await next.close()
  })

  test('with another number than before the device is removed again', async () => {
    const session = await world.session()
    session.phone = '+15550100'
    const line = await session.open()
    line.connect()
    await session.link((await session.ears.state('awaiting_link')).pairing!)
    expect(await session.ears.state('logged_out')).toMatchObject({ reason: 'paired_number_mismatch' })
    await expect.poll(() => session.isLinkedOnPhone()).toBe(false)
    expect(session.ears.of('state').some(({ state }) => state === 'connected')).toBe(false)
    await line.close()
    expect(
      await world.db
        .select()
        .from(whatsappKeys)
        .where(sql`session_id = ${session.id}`),
    ).toEqual([])
  })
})

describe('endings', () => {
  test.each([408, 428, 503, 515])('after %i the line comes back by itself, without a scan', async (code) => {
    const { session, line } = await started()
    const from = session.ears.events.length
    await world.phones.closeConnections(session.owner.number, code)
    await session.ears.state('connected', { from })
    const said = session.ears.events.slice(from).flatMap((event) => (event.type === 'state' ? [event.state] : []))
    expect(said).toEqual(code === 515 ? ['connected'] : ['reconnecting', 'connected'])
    await line.close()
  })

  test.each([
    [401, 'logged_out', 'phone_unlinked'],
    [403, 'banned', 'account_refused'],
    [406, 'banned', 'account_refused'],
    [405, 'failed', 'client_outdated'],
    [411, 'failed', 'client_outdated'],
    [402, 'banned', 'temporary_ban'],
  ] as const)('%i ends in %s', async (code, state, reason) => {
    const { session, line } = await started()
    const logins = (await eventsOf('login', ({ number }) => number === session.owner.number)).length
    await world.phones.closeConnections(session.owner.number, code)
    expect(await session.ears.state(state)).toMatchObject({ reason, code })
    await line.close()
    expect(await eventsOf('login', ({ number }) => number === session.owner.number)).toHaveLength(logins)
    const kept = await world.db
      .select()
      .from(whatsappCredentials)
      .where(sql`session_id = ${session.id}`)
    expect(kept).toHaveLength(code === 401 ? 0 : 1)
  })

  test('replaced three times in a short while is a fight, and the line leaves it', async () => {
    const { session, line } = await started()
    for (let round = 0; round < 3; round++) {
      const from = session.ears.events.length
      await world.phones.closeConnections(session.owner.number, 440)
      await session.ears.state(round < 2 ? 'connected' : 'failed', { from })
    }
    expect(session.ears.of('state').at(-1)).toMatchObject({ reason: 'connection_replaced' })
    await line.close()
  })

  test('a session that is bad three times in a row must be linked anew', async () => {
    const { session, line } = await started()
    await world.phones.loginAnswer(session.owner.number, 500, 5)
    await world.phones.closeConnections(session.owner.number, 500)
    expect(await session.ears.state('logged_out')).toMatchObject({ reason: 'bad_credentials' })
    await line.close()
  })

  test('a server that cannot be reached is tried again until the time is up', async () => {
    const { session, line } = await started({ timings: { giveUpMs: 600 } })
    await world.phones.refuseConnections()
    await world.phones.closeConnections(session.owner.number, 428)
    expect(await session.ears.state('failed')).toMatchObject({ reason: 'retries_exhausted' })
    expect(session.ears.of('state').filter(({ state }) => state === 'reconnecting').length).toBeGreaterThan(2)
    await line.close()
  })
})

describe('sending', () => {
  test.each([
    [463, 'rate_capped'],
    [479, 'rejected_by_whatsapp'],
  ] as const)('refused with %i it certainly did not go, and is not tried again', async (code, errorCode) => {
    const { session, line } = await started()
    const bob = await session.meet('Bob')
    const to = await addressOf(line, bob.phone)
    await world.phones.nack(code, { to: bob.client.number, count: 1 })
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

  test('unconfirmed it may have gone: the line reconnects, and the same bytes under the same id show once', async () => {
    const { session, line } = await started()
    const bob = await session.meet('Bob')
    await bob.client.setMode('strict')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'first')
    await world.phones.dropAcks({ to: bob.client.number, count: 1 })
    const from = session.ears.events.length
    const id = session.channel.kind.mintId!()
    const prepared = await line.prepare(to, { kind: 'text', text: 'in doubt' })
    expect(await failure(line.send(to, prepared, id))).toMatchObject({ fate: 'unknown' })
    await session.ears.state('connected', { from })
    await line.send(to, prepared, id)
    await sendText(session, line, to, 'last')
    await bob.waitForText('last')
    expect(await bob.texts()).toEqual(['first', 'in doubt', 'last'])
    await line.close()
  })

  test('killed between frame and keys, the next owner sends the same again first, and a strict phone reads what follows', async () => {
    let cut: (() => Promise<void>) | null = null
    const reach = async (point: FaultPoint) => {
      if (point === 'after_wa_write') await cut?.()
    }
    const { session, line } = await started({ reach })
    const bob = await session.meet('Bob')
    await bob.client.setMode('strict')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'first')
    await bob.write('so that the session is established')
    await session.ears.text('so that the session is established')
    const id = session.channel.kind.mintId!()
    const prepared = await line.prepare(to, { kind: 'text', text: 'in doubt' })
    // As after a kill: the frame is out, and what this process still wanted to store is not.
    cut = () => session.takeOver()
    expect(await failure(line.send(to, prepared, id))).toMatchObject({ fate: 'unknown' })
    cut = null
    const from = session.ears.events.length
    const next = await session.open()
    next.connect()
    await session.ears.state('connected', { from })
    await next.send(to, prepared, id)
    await sendText(session, next, to, 'last')
    await bob.waitForText('last')
    expect(await bob.texts()).toEqual(['first', 'in doubt', 'last'])
    const spent = await eventsOf('undecryptable', (event) => event.id === id && event.recipient === bob.client.number)
    expect(spent).toMatchObject([{ reason: 'old-counter' }])
    await next.close()
  })

  test('a process that may no longer write sends no frame', async () => {
    const { session, line } = await started()
    const bob = await session.meet('Bob')
    const to = await addressOf(line, bob.phone)
    await sendText(session, line, to, 'mine')
    const before = await session.framesSeen()
    session.isMine = () => false
    expect(await failure(sendText(session, line, to, 'not mine'))).toMatchObject({ fate: 'not_sent' })
    await bob.write('nobody confirms this')
    await line.close()
    expect(await session.framesSeen()).toBe(before)
    const confirmed = await eventsOf('receipt-from-companion', ({ to: author }) => author === bob.client.number)
    expect(confirmed).toEqual([])
  })

  test('a receiver that lost its sessions gets the message again from what was stored', async () => {
    const { session, line } = await started()
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
    const { session, line } = await started()
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
    await new Promise((resolve) => setTimeout(resolve, 100))
    const before = clientFrames()
    for (let i = 0; i < 3; i++) await delivered(`m${i}`)
    await bob.client.read(session.owner)
    await session.ears.waitFor('receipt', ({ status }) => status === 'read')
    await line.close()
    // Three messages, three confirmed deliveries and one confirmed reading; with a token each it would be ten.
    expect(clientFrames() - before).toBeGreaterThanOrEqual(6)
    expect(clientFrames() - before).toBeLessThanOrEqual(7)
    frames.mockRestore()
  })

  test('both ways at once in one chat, with a slow database, a strict phone misses nothing', async () => {
    const { session, line } = await started({ slowMs: 8 })
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

describe('hearing', () => {
  test('by number the private id is known too, and a hidden number is not made up', async () => {
    const { session, line } = await started()
    const finn = await session.meet('Finn')
    await finn.client.set({ addressing: 'pn' })
    await finn.write('by number')
    const byNumber = await session.ears.text('by number')
    expect(byNumber.person).toMatchObject({ phone: finn.phone, address: expect.stringMatching(/^\d+@lid$/) })
    expect(byNumber.person.aliases).toEqual([byNumber.person.address, `${finn.client.number}@s.whatsapp.net`])
    const gwen = await session.meet('Gwen')
    await gwen.client.set({ hidesNumber: true })
    await gwen.write('no number')
    const hidden = await session.ears.text('no number')
    expect(hidden.person).toMatchObject({ phone: null, aliases: [hidden.person.address] })
    await sendText(session, line, hidden.person.address, 'still answered')
    await gwen.waitForText('still answered')
    await line.close()
  })

  test('places, cards, pictures, reactions, edits, deletions, quotes and missed calls are heard as such', async () => {
    const { session, line } = await started()
    const bob = await session.meet('Bob')
    const { client } = bob
    const { owner, ears } = session
    const next = async () => {
      const known = ears.of('message').length
      await expect.poll(() => ears.of('message').length, { timeout: 5000 }).toBe(known + 1)
      return ears.of('message').at(-1)!.content
    }
    const after = async (act: () => Promise<unknown>) => {
      const coming = next()
      await act()
      return coming
    }
    expect(await after(() => client.sendLocation(owner, { latitude: 1.5, longitude: 2.5, name: 'Square' }))).toEqual({
      kind: 'location',
      latitude: 1.5,
      longitude: 2.5,
      name: 'Square',
    })
    expect(await after(() => client.sendContact(owner, { name: 'Zoe', numbers: ['+15550101'] }))).toMatchObject({
      kind: 'contacts',
      contacts: [{ name: 'Zoe', phones: [expect.stringMatching(/15550101/)] }],
    })
    expect(await after(() => client.sendImage(owner, 'look'))).toMatchObject({
      kind: 'media',
      media: 'image',
      caption: 'look',
    })
    const to = await addressOf(line, bob.phone)
    const id = await sendText(session, line, to, 'what do you think')
    await bob.waitForText('what do you think')
    expect(await after(() => client.react(owner, id, '👍'))).toEqual({ kind: 'reaction', emoji: '👍', target: id })
    expect(await after(() => client.sendText(owner, 'fine', { quote: id }))).toEqual({
      kind: 'text',
      text: 'fine',
      quoted: 'what do you think',
    })
    const typed = await client.sendText(owner, 'typo')
    await ears.text('typo')
    expect(await after(() => client.edit(owner, typed, 'no typo'))).toEqual({
      kind: 'edit',
      text: 'no typo',
      target: typed,
    })
    expect(await after(() => client.delete(owner, typed))).toEqual({ kind: 'deletion', target: typed })
    expect(await after(() => client.call(owner))).toEqual({ kind: 'call', video: false })
    expect(await after(() => client.sendUnknown(owner))).toMatchObject({ kind: 'unsupported' })
    await line.close()
  })

  test.each(['the same line', 'the next line'])(
    'cut off between the commit and the receipt, it is heard once by %s and nobody is asked to send it again',
    async (who) => {
      let cut: (() => Promise<unknown>) | null = null
      const reach = async (point: FaultPoint) => {
        if (point !== 'after_inbox_commit' || !cut) return
        const cutting = cut
        cut = null
        await cutting()
      }
      const { session, line } = await started({ reach })
      const { ears, owner } = session
      const bob = await session.meet('Bob')
      await bob.write('before')
      await ears.text('before')
      await world.phones.waitFor((event) => event.kind === 'receipt-from-companion' && event.to === bob.client.number)
      const from = ears.events.length
      let current = line
      if (who === 'the same line') cut = () => world.phones.closeConnections(owner.number, 428)
      else
        cut = async () => {
          void line.close()
          await world.phones.waitFor((event) => event.kind === 'closed' && event.number === owner.number)
        }
      const id = await bob.write('cut')
      await expect.poll(() => cut).toBe(null)
      if (who === 'the next line') {
        await line.close()
        current = await session.open()
        current.connect()
      }
      await ears.state('connected', { from })
      await bob.write('after')
      await ears.text('after')
      const again = await eventsOf('delivered-to-companion', (event) => event.id === id)
      expect(again.length).toBe(2)
      expect(ears.texts()).toEqual(['before', 'cut', 'after'])
      expect(await eventsOf('retry-from-companion', (event) => event.number === owner.number)).toEqual([])
      await expect
        .poll(() => eventsOf('receipt-from-companion', (event) => (event.ids as string[]).includes(id)))
        .toHaveLength(1)
      await current.close()
    },
  )

  test.each([true, false])('a process that goes while it holds messages, inbox kept: %s', async (isKept) => {
    const { session, line } = await started({ ...(!isKept && { without: { inbox: true } }) })
    const bob = await session.meet('Bob')
    await bob.write('before')
    await session.ears.text('before')
    session.ears.refuse = (event) => {
      if (event.type === 'message') throw new Error('not in this life')
    }
    const ids = await Promise.all(['one', 'two', 'three'].map((text) => bob.write(text)))
    for (const id of ids) {
      await world.phones.waitFor(
        (event) => event.kind === 'receipt-from-companion' && (event.ids as string[]).includes(id),
      )
    }
    await line.close()
    session.ears.refuse = null
    const next = await session.open()
    const from = session.ears.events.length
    next.connect()
    await session.ears.state('connected', { from })
    await bob.write('after')
    await session.ears.text('after')
    // The control: what was confirmed and only held in memory does not come again.
    expect(session.ears.texts().sort()).toEqual(
      isKept ? ['after', 'before', 'one', 'three', 'two'] : ['after', 'before'],
    )
    await next.close()
  })

  test('a backlog cut again and again is heard once and in order', async () => {
    const { session, line } = await started()
    const { ears, owner } = session
    const people = await Promise.all(['A', 'B', 'C'].map((name) => session.meet(name)))
    await line.close()
    const count = 80
    for (let i = 0; i < count; i++) for (const person of people) await person.write(`${person.phone} ${i}`)
    const next = await session.open()
    next.connect()
    for (const share of [0.2, 0.4, 0.6, 0.8]) {
      await expect
        .poll(() => ears.texts().length, { timeout: 10_000, interval: 2 })
        .toBeGreaterThan(share * count * people.length)
      await world.phones.closeConnections(owner.number, 428)
    }
    await expect.poll(() => ears.texts().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count * people.length)
    for (const person of people) {
      const heard = ears.texts().filter((text) => text.startsWith(person.phone))
      expect(heard).toEqual(Array.from({ length: count }, (_, i) => `${person.phone} ${i}`))
    }
    expect(await eventsOf('retry-from-companion', (event) => event.number === owner.number)).toEqual([])
    await next.close()
  })

  test('a message broken at first is heard once, whole', async () => {
    const { session, line } = await started()
    const bob = await session.meet('Bob')
    await bob.write('whole')
    await session.ears.text('whole')
    const id = await world.phones.forge('bad-mac', { from: bob.client, to: session.owner, text: 'broken at first' })
    expect(await session.ears.text('broken at first')).toMatchObject({ id })
    await expect.poll(() => unheardOf(session)).toEqual([])
    expect(session.ears.of('message').map(({ content }) => content.kind)).toEqual(['text', 'text'])
    await line.close()
  })

  test('a message that stays unreadable is heard as that, also across a restart', async () => {
    const { session, line } = await started({ timings: { unreadableAfterMs: 700 } })
    const bob = await session.meet('Bob')
    await bob.write('whole')
    await session.ears.text('whole')
    const id = await world.phones.forge('no-content', { from: bob.client, to: session.owner })
    await expect.poll(() => unheardOf(session)).toHaveLength(1)
    await line.close()
    const next = await session.open()
    next.connect()
    const event = await session.ears.waitFor('message', ({ content }) => content.kind === 'unreadable')
    expect(event).toMatchObject({ id, person: { phone: bob.phone } })
    await expect.poll(() => unheardOf(session)).toEqual([])
    await next.close()
  })

  test('a view-once message is heard as that, without its content', async () => {
    const { session, line } = await started()
    const bob = await session.meet('Bob')
    const id = await world.phones.forge('unavailable', { from: bob.client, to: session.owner })
    expect(await session.ears.waitFor('message')).toMatchObject({ id, content: { kind: 'view-once' } })
    await line.close()
  })

  test('dishonest and broken messages harm nobody and stop nothing', async () => {
    const { session, line } = await started({ timings: { unreadableAfterMs: 200 } })
    const bob = await session.meet('Bob')
    await bob.write('hello')
    await session.ears.text('hello')
    const kinds = ['garbage', 'bad-protobuf', 'bad-padding', 'empty', 'no-content', 'unknown-cipher'] as const
    const lies = ['no-id', 'plaintext', 'another-sender', 'fake-own-copy', 'fake-key-share', 'repeat'] as const
    for (const kind of [...kinds, ...lies]) {
      await world.phones.forge(kind, { from: bob.client, to: session.owner, text: `forged ${kind}` })
    }
    const number = session.owner.number
    const stanzas = [
      { tag: 'message', attrs: {} },
      { tag: 'message', attrs: { from: 'nobody', id: 'x1', t: 'never' } },
      { tag: 'receipt', attrs: { id: 'x2' } },
      { tag: 'receipt', attrs: { id: 'x3', from: '15550100@s.whatsapp.net', type: 'retry' } },
      { tag: 'call', attrs: { from: '15550100@s.whatsapp.net', id: 'x4' } },
      { tag: 'notification', attrs: { from: 's.whatsapp.net', id: 'x5', type: 'encrypt' } },
      { tag: 'ack', attrs: { class: 'message', id: 'x6' } },
      { tag: 'ib', attrs: {}, content: [{ tag: 'edge_routing', attrs: {} }] },
    ]
    for (const stanza of stanzas) await world.phones.injectStanza(number, stanza)
    await bob.write('goodbye')
    await session.ears.text('goodbye')
    for (const isSealed of [true, false]) {
      const from = session.ears.events.length
      await world.phones.injectBytes(number, Buffer.from('no stanza at all'), isSealed)
      await bob.write(`still here ${isSealed}`)
      await session.ears.text(`still here ${isSealed}`, { from })
    }
    await expect.poll(() => session.ears.of('state').at(-1)?.state).toBe('connected')
    expect(session.ears.of('message').filter(({ fromPhone }) => fromPhone)).toEqual([])
    expect(session.ears.of('state').at(-1)?.state).toBe('connected')
    await line.close()
  })
})

test('while the database is away nothing is confirmed, and afterwards nothing is missing', async () => {
  const { session, line } = await started({ timings: { databaseWaitMs: 300 } })
  const bob = await session.meet('Bob')
  await bob.write('before')
  await session.ears.text('before')
  const from = session.ears.events.length
  let release!: () => void
  const held = new Promise<void>((resolve) => (release = resolve))
  let locked!: () => void
  const isLocked = new Promise<void>((resolve) => (locked = resolve))
  const locking = world.db.transaction(async (tx) => {
    await tx.execute(sql`lock table whatsapp_keys in access exclusive mode`)
    locked()
    await held
  })
  await isLocked
  const id = await bob.write('during')
  await session.ears.state('reconnecting', { from })
  expect(await eventsOf('receipt-from-companion', (event) => (event.ids as string[]).includes(id))).toEqual([])
  release()
  await locking
  await session.ears.text('during')
  await session.ears.state('connected', { from })
  await expect
    .poll(() => eventsOf('receipt-from-companion', (event) => (event.ids as string[]).includes(id)))
    .not.toEqual([])
  expect(session.ears.texts()).toEqual(['before', 'during'])
  expect(await eventsOf('retry-from-companion', (event) => event.number === session.owner.number)).toEqual([])
  await line.close()
})

test('a receipt that could not be stored is not confirmed, so WhatsApp brings it again', async () => {
  const { session, line } = await started()
  const bob = await session.meet(`Bob ${randomInt(1e6)}`)
  const to = await addressOf(line, bob.phone)
  session.ears.refuse = (event) => {
    if (event.type === 'receipt') throw new Error('not now')
  }
  const id = await sendText(session, line, to, 'unseen ticks')
  await bob.waitForText('unseen ticks')
  await line.close()
  session.ears.refuse = null
  const next = await session.open()
  next.connect()
  await session.ears.waitFor('receipt', ({ ids, status }) => status === 'delivered' && ids.includes(id))
  await next.close()
})

test('the log of all this names no number, no name, no code and no word', async () => {
  const lines: string[] = []
  const log = createLog({ name: 'test', level: 'debug', destination: { write: (text) => void lines.push(text) } })
  const { session, line } = await started({ log, timings: { unreadableAfterMs: 100 } })
  const bob = await session.meet('Bobcanary')
  const to = await addressOf(line, bob.phone)
  session.ears.refuse = (event) => {
    if (event.type === 'message' && lines.length < 3) throw new Error(`refused ${JSON.stringify(event)}`)
  }
  await bob.write('canary words in')
  await session.ears.text('canary words in')
  await sendText(session, line, to, 'canary words out')
  await bob.client.loseSessions()
  await sendText(session, line, to, 'canary words again')
  await bob.waitForText('canary words again')
  await world.phones.forge('bad-mac', { from: bob.client, to: session.owner, text: 'canary words broken' })
  await world.phones.forge('garbage', { from: bob.client, to: session.owner })
  await session.ears.text('canary words broken')
  await world.phones.nack(463, { to: bob.client.number, count: 1 })
  await failure(sendText(session, line, to, 'canary words refused'))
  await world.phones.closeConnections(session.owner.number, 503)
  await session.ears.state('connected', { from: session.ears.events.length })
  await line.close()
  const written = lines.join('')
  expect(written).toMatch(/WhatsApp library/)
  const { pairing } = session.ears.of('state').find((event) => event.pairing)!
  const secrets = ['canary', bob.client.number, session.owner.number, to.split('@')[0]!, pairing!.text.split(',')[1]!]
  for (const secret of secrets) expect(written).not.toContain(secret)
})
