import { randomInt } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import type { FaultPoint } from '@/lib/channel/channel'
import { createLog } from '@/lib/log'
import { addressOf, failure, sendText, worldForTests } from './test-steps'

const here = worldForTests()

describe('hearing', () => {
  test('by number the private id is known too, and a hidden number is not made up', async () => {
    const { session, line } = await here.started()
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
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    const { client } = bob
    const { owner, ears } = session
    const next = async () => {
      const known = ears.of('message').length
      await expect.poll(() => ears.of('message').length).toBe(known + 1)
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
      const { session, line } = await here.started({ reach })
      const { ears, owner } = session
      const bob = await session.meet('Bob')
      await bob.write('before')
      await ears.text('before')
      await here.world.phones.waitFor(
        (event) => event.kind === 'receipt-from-companion' && event.to === bob.client.number,
      )
      const from = ears.events.length
      let current = line
      if (who === 'the same line') cut = () => here.world.phones.closeConnections(owner.number, 428)
      else
        cut = async () => {
          void line.close()
          await here.world.phones.waitFor((event) => event.kind === 'closed' && event.number === owner.number)
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
      const again = await here.eventsOf('delivered-to-companion', (event) => event.id === id)
      expect(again.length).toBe(2)
      expect(ears.texts()).toEqual(['before', 'cut', 'after'])
      expect(await here.eventsOf('retry-from-companion', (event) => event.number === owner.number)).toEqual([])
      await expect
        .poll(() => here.eventsOf('receipt-from-companion', (event) => (event.ids as string[]).includes(id)))
        .toHaveLength(1)
      await current.close()
    },
  )

  test.each([true, false])('a process that goes while it holds messages, inbox kept: %s', async (isKept) => {
    const { session, line } = await here.started({ ...(!isKept && { without: { inbox: true } }) })
    const bob = await session.meet('Bob')
    await bob.write('before')
    await session.ears.text('before')
    session.ears.refuse = (event) => {
      if (event.type === 'message') throw new Error('not in this life')
    }
    const ids = await Promise.all(['one', 'two', 'three'].map((text) => bob.write(text)))
    for (const id of ids) {
      await here.world.phones.waitFor(
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
    const { session, line } = await here.started()
    const { ears, owner } = session
    const people = await Promise.all(['A', 'B', 'C'].map((name) => session.meet(name)))
    await line.close()
    const count = 80
    for (let i = 0; i < count; i++) for (const person of people) await person.write(`${person.phone} ${i}`)
    const next = await session.open()
    next.connect()
    for (const share of [0.2, 0.4, 0.6, 0.8]) {
      await expect.poll(() => ears.texts().length, { interval: 2 }).toBeGreaterThan(share * count * people.length)
      await here.world.phones.closeConnections(owner.number, 428)
    }
    await expect.poll(() => ears.texts().length).toBeGreaterThanOrEqual(count * people.length)
    for (const person of people) {
      const heard = ears.texts().filter((text) => text.startsWith(person.phone))
      expect(heard).toEqual(Array.from({ length: count }, (_, i) => `${person.phone} ${i}`))
    }
    expect(await here.eventsOf('retry-from-companion', (event) => event.number === owner.number)).toEqual([])
    await next.close()
  })

  test('a message broken at first is heard once, whole', async () => {
    const { session, line } = await here.started({ timings: { unreadableAfterMs: 60_000 } })
    const bob = await session.meet('Bob')
    await bob.write('whole')
    await session.ears.text('whole')
    const id = await here.world.phones.forge('bad-mac', {
      from: bob.client,
      to: session.owner,
      text: 'broken at first',
    })
    expect(await session.ears.text('broken at first')).toMatchObject({ id })
    await expect.poll(() => here.unheardOf(session)).toEqual([])
    expect(session.ears.of('message').map(({ content }) => content.kind)).toEqual(['text', 'text'])
    await line.close()
  })

  test('a message that stays unreadable is heard as that, also across a restart', async () => {
    const { session, line } = await here.started({ timings: { unreadableAfterMs: 3_000 } })
    const bob = await session.meet('Bob')
    await bob.write('whole')
    await session.ears.text('whole')
    const id = await here.world.phones.forge('no-content', { from: bob.client, to: session.owner })
    await expect.poll(() => here.unheardOf(session)).toHaveLength(1)
    await line.close()
    const next = await session.open()
    next.connect()
    const event = await session.ears.waitFor('message', ({ content }) => content.kind === 'unreadable')
    expect(event).toMatchObject({ id, person: { phone: bob.phone } })
    await expect.poll(() => here.unheardOf(session)).toEqual([])
    await next.close()
  })

  test('a message that turns up after its placeholder was heard is heard under an id of its own', async () => {
    let holdBack: (() => Promise<unknown>) | null = null
    const { session, line } = await here.started({
      timings: { unreadableAfterMs: 100 },
      reach: async () => void (await holdBack?.()),
    })
    const bob = await session.meet('Bob')
    await bob.write('whole')
    await session.ears.text('whole')
    // Nobody is asked to send it again before the placeholder is out.
    holdBack = async () => {
      holdBack = null
      await session.ears.waitFor('message', ({ content }) => content.kind === 'unreadable')
    }
    const id = await here.world.phones.forge('bad-mac', { from: bob.client, to: session.owner, text: 'better late' })
    expect(await session.ears.text('better late')).toMatchObject({ id: `${id}~late`, person: { phone: bob.phone } })
    expect(session.ears.of('message').map((event) => [event.id, event.content.kind])).toContainEqual([id, 'unreadable'])
    await line.close()
  })

  test('deciphered bytes that are no message are heard as unreadable, once', async () => {
    const { session, line } = await here.started({ timings: { unreadableAfterMs: 300 } })
    const bob = await session.meet('Bob')
    const id = await here.world.phones.forge('bad-protobuf', { from: bob.client, to: session.owner })
    expect(await session.ears.waitFor('message')).toMatchObject({
      id,
      content: { kind: 'unreadable', reason: 'malformed' },
    })
    await bob.write('and then')
    await session.ears.text('and then')
    await expect.poll(() => here.unheardOf(session)).toEqual([])
    expect(session.ears.of('message')).toHaveLength(2)
    await line.close()
  })

  test('a view-once message is heard as that, without its content', async () => {
    const { session, line } = await here.started()
    const bob = await session.meet('Bob')
    const id = await here.world.phones.forge('unavailable', { from: bob.client, to: session.owner })
    expect(await session.ears.waitFor('message')).toMatchObject({ id, content: { kind: 'view-once' } })
    await line.close()
  })

  test('dishonest and broken messages harm nobody and stop nothing', async () => {
    const { session, line } = await here.started({ timings: { unreadableAfterMs: 200 } })
    const bob = await session.meet('Bob')
    await bob.write('hello')
    await session.ears.text('hello')
    const kinds = ['garbage', 'bad-protobuf', 'bad-padding', 'empty', 'no-content', 'unknown-cipher'] as const
    const lies = ['no-id', 'plaintext', 'another-sender', 'fake-own-copy', 'fake-key-share', 'repeat'] as const
    for (const kind of [...kinds, ...lies]) {
      await here.world.phones.forge(kind, { from: bob.client, to: session.owner, text: `forged ${kind}` })
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
    for (const stanza of stanzas) await here.world.phones.injectStanza(number, stanza)
    await bob.write('goodbye')
    await session.ears.text('goodbye')
    for (const isSealed of [true, false]) {
      const from = session.ears.events.length
      await here.world.phones.injectBytes(number, Buffer.from('no stanza at all'), isSealed)
      await bob.write(`still here ${isSealed}`)
      await session.ears.text(`still here ${isSealed}`, { from })
    }
    await expect.poll(() => session.ears.of('state').at(-1)?.state).toBe('connected')
    expect(session.ears.of('message').filter(({ fromPhone }) => fromPhone)).toEqual([])
    await line.close()
  })
})

test('while the database is away nothing is confirmed, and afterwards nothing is missing', async () => {
  const { session, line } = await here.started()
  const bob = await session.meet('Bob')
  await bob.write('before')
  await session.ears.text('before')
  const from = session.ears.events.length
  let release!: () => void
  const held = new Promise<void>((resolve) => (release = resolve))
  let locked!: () => void
  const isLocked = new Promise<void>((resolve) => (locked = resolve))
  const locking = here.world.db.transaction(async (tx) => {
    await tx.execute(sql`lock table whatsapp_keys in access exclusive mode`)
    locked()
    await held
  })
  await isLocked
  const id = await bob.write('during')
  await session.ears.state('reconnecting', { from })
  expect(await here.eventsOf('receipt-from-companion', (event) => (event.ids as string[]).includes(id))).toEqual([])
  release()
  await locking
  await session.ears.text('during')
  await session.ears.state('connected', { from })
  await expect
    .poll(() => here.eventsOf('receipt-from-companion', (event) => (event.ids as string[]).includes(id)))
    .not.toEqual([])
  expect(session.ears.texts()).toEqual(['before', 'during'])
  expect(await here.eventsOf('retry-from-companion', (event) => event.number === session.owner.number)).toEqual([])
  await line.close()
})

test('a receipt that could not be stored is not confirmed, so WhatsApp brings it again', async () => {
  const { session, line } = await here.started()
  const bob = await session.meet(`Bob ${randomInt(1e6)}`)
  const to = await addressOf(line, bob.phone)
  let refused = 0
  session.ears.refuse = (event) => {
    if (event.type !== 'receipt') return
    refused += 1
    throw new Error('not now')
  }
  const id = await sendText(session, line, to, 'unseen ticks')
  await bob.waitForText('unseen ticks')
  await expect.poll(() => refused).toBeGreaterThan(0)
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
  const { session, line } = await here.started({ log, timings: { unreadableAfterMs: 100 } })
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
  await here.world.phones.forge('bad-mac', { from: bob.client, to: session.owner, text: 'canary words broken' })
  await here.world.phones.forge('garbage', { from: bob.client, to: session.owner })
  await session.ears.text('canary words broken')
  await here.world.phones.nack(463, { to: bob.client.number, count: 1 })
  await failure(sendText(session, line, to, 'canary words refused'))
  const from = session.ears.events.length
  await here.world.phones.closeConnections(session.owner.number, 503)
  await session.ears.reconnected(from)
  await line.close()
  const written = lines.join('')
  expect(written).toMatch(/WhatsApp library/)
  const { pairing } = session.ears.of('state').find((event) => event.pairing)!
  const secrets = ['canary', bob.client.number, session.owner.number, to.split('@')[0]!, pairing!.text.split(',')[1]!]
  for (const secret of secrets) expect(written).not.toContain(secret)
})
