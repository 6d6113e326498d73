import { describe, expect, test } from 'vitest'
import { LostOwnership } from '@/lib/errors'
import type { Address, RemoteId } from '@/lib/ids'
import type { Channel, Ears, Line, Pairing, Prepared } from './channel'
import { RecordingEars } from './recording-ears'

/** What a channel brings so that the same tests can be asked of it: a session of its own and the people around it. */
export interface ContractSession {
  readonly channel: Channel
  readonly ears: RecordingEars
  /** Opens a line as the next owner would: under a new epoch, with nothing but what is stored. */
  open(ears?: Ears): Promise<Line>
  /** The owner's phone accepts the device. */
  link(pairing: Pairing): Promise<void>
  /** Someone to talk to, on a phone of their own. */
  meet(name: string): Promise<ContractContact>
  /** The owner types on the phone itself. */
  typeOnPhone(to: ContractContact, text: string): Promise<string>
  /** Another worker takes the lease. */
  takeOver(): Promise<void>
  /** How often the owner's line has been seen to write since. */
  framesSeen(): Promise<number>
  unlinkOnPhone(): Promise<void>
  isLinkedOnPhone(): Promise<boolean>
}

export interface ContractContact {
  readonly phone: string
  write(text: string): Promise<string>
  waitForText(text: string): Promise<{ id: string }>
  texts(): Promise<string[]>
  read(): Promise<void>
}

export function testChannel(name: string, newSession: () => Promise<ContractSession>): void {
  describe(`${name} keeps the contract of a channel`, () => {
    async function linked() {
      const session = await newSession()
      const line = await session.open()
      line.connect()
      const waiting = await session.ears.state('awaiting_link')
      await session.link(waiting.pairing!)
      await session.ears.state('connected')
      return { session, line, ears: session.ears }
    }

    async function send(line: Line, ears: RecordingEars, to: Address, text: string, id: RemoteId): Promise<Prepared> {
      const prepared = await line.prepare(to, { kind: 'text', text })
      ears.sent.set(id, prepared)
      await line.send(to, prepared, id)
      return prepared
    }

    test('links, tells its states in order and whose account it is', async () => {
      const { session, line, ears } = await linked()
      const states = ears.of('state').map(({ state }) => state)
      expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
        'starting',
        'awaiting_link',
        'linking',
        'connected',
      ])
      const { account } = ears.of('state').at(-1)!
      expect(account?.phone).toMatch(/^\+\d+$/)
      expect(account?.aliases.length).toBeGreaterThan(0)
      expect(await session.isLinkedOnPhone()).toBe(true)
      await line.close()
    })

    test('what is sent arrives under its id, and its receipts come back', async () => {
      const { session, line, ears } = await linked()
      const ada = await session.meet('Ada')
      const person = await line.lookUp(ada.phone)
      expect(person?.aliases).toContain(person?.address)
      const id = session.channel.kind.mintId!()
      await send(line, ears, person!.address, 'good morning', id)
      expect(await ada.waitForText('good morning')).toMatchObject({ id })
      await ears.waitFor('receipt', ({ ids, status }) => status === 'delivered' && ids.includes(id))
      await ada.read()
      await ears.waitFor('receipt', ({ ids, status }) => status === 'read' && ids.includes(id))
      expect(ears.of('message')).toEqual([])
      await line.close()
    })

    test('what is sent twice under one id is shown once', async () => {
      const { session, line, ears } = await linked()
      const ben = await session.meet('Ben')
      const { address } = (await line.lookUp(ben.phone))!
      const id = session.channel.kind.mintId!()
      const prepared = await send(line, ears, address, 'once', id)
      await line.send(address, prepared, id)
      await send(line, ears, address, 'after', session.channel.kind.mintId!())
      await ben.waitForText('after')
      expect(await ben.texts()).toEqual(['once', 'after'])
      await line.close()
    })

    test('a number that is not on the network is said to be nobody', async () => {
      const { line } = await linked()
      expect(await line.lookUp('+34 611 220 000')).toBeNull()
      await line.close()
    })

    test('what a contact writes is heard with who, when and what', async () => {
      const { session, line, ears } = await linked()
      const cleo = await session.meet('Cleo')
      const id = await cleo.write('is anybody there')
      const event = await ears.text('is anybody there')
      expect(event).toMatchObject({ id, fromPhone: false, person: { phone: cleo.phone, name: 'Cleo' } })
      expect(Math.abs(event.at.getTime() - Date.now())).toBeLessThan(60_000)
      const answer = session.channel.kind.mintId!()
      await send(line, ears, event.person.address, 'yes', answer)
      await cleo.waitForText('yes')
      await line.close()
    })

    test('what is typed on the phone is heard as from there, and what the line sent is not heard', async () => {
      const { session, line, ears } = await linked()
      const dora = await session.meet('Dora')
      const { address } = (await line.lookUp(dora.phone))!
      await send(line, ears, address, 'by the line', session.channel.kind.mintId!())
      const id = await session.typeOnPhone(dora, 'by hand')
      const event = await ears.text('by hand')
      expect(event).toMatchObject({ id, fromPhone: true, person: { phone: dora.phone } })
      expect(ears.texts()).toEqual(['by hand'])
      await line.close()
    })

    test('what arrived while no line was open is heard once by the next', async () => {
      const { session, line, ears } = await linked()
      const emil = await session.meet('Emil')
      await emil.write('before')
      await ears.text('before')
      await line.close()
      const written: string[] = []
      for (let i = 0; i < 20; i++) {
        written.push(`while away ${i}`)
        await emil.write(`while away ${i}`)
      }
      const next = await session.open()
      next.connect()
      await ears.text('while away 19')
      expect(ears.texts()).toEqual(['before', ...written])
      expect(ears.of('state').filter(({ state }) => state === 'awaiting_link')).toHaveLength(1)
      await next.close()
    })

    test('what could not be stored is told again, in order, and by the next line if need be', async () => {
      const { session, line, ears } = await linked()
      const fay = await session.meet('Fay')
      let refusals = 0
      ears.refuse = (event) => {
        if (event.type === 'message' && refusals++ < 3) throw new Error('not now')
      }
      for (const text of ['one', 'two', 'three']) await fay.write(text)
      await ears.text('three')
      expect(ears.texts()).toEqual(['one', 'two', 'three'])

      let isStuck = false
      ears.refuse = (event) => {
        if (event.type !== 'message') return
        isStuck = true
        throw new Error('not in this life')
      }
      await fay.write('four')
      await expect.poll(() => isStuck).toBe(true)
      await line.close()
      ears.refuse = null
      const next = await session.open()
      next.connect()
      await ears.text('four')
      expect(ears.texts()).toEqual(['one', 'two', 'three', 'four'])
      await next.close()
    })

    test('a line whose session has moved on writes nothing more and changes nothing', async () => {
      const { session, line, ears } = await linked()
      const gus = await session.meet('Gus')
      const { address } = (await line.lookUp(gus.phone))!
      await session.takeOver()
      await gus.write('for the next owner')
      await expect
        .poll(() =>
          line.lookUp(gus.phone).then(
            () => 'connected',
            (error: Error) => error.name,
          ),
        )
        .toBe('SendError')
      const before = await session.framesSeen()
      const prepared = await line.prepare(address, { kind: 'text', text: 'too late' })
      await expect(line.send(address, prepared, session.channel.kind.mintId!())).rejects.toMatchObject({
        fate: 'not_sent',
      })
      const other = new RecordingEars()
      const next = await session.open(other)
      next.connect()
      await other.text('for the next owner')
      expect(ears.texts()).toEqual([])
      expect(await session.framesSeen()).toBe(before)
      await line.close()
      await next.close()
    })

    test('ears that have lost the session end the line', async () => {
      const { session, line, ears } = await linked()
      const hana = await session.meet('Hana')
      let asked = 0
      ears.refuse = (event) => {
        if (event.type !== 'message') return
        asked += 1
        throw new LostOwnership('test')
      }
      await hana.write('whose is this')
      await expect.poll(() => asked).toBe(1)
      await expect
        .poll(() =>
          line.lookUp(hana.phone).then(
            () => 'connected',
            (error: Error) => error.name,
          ),
        )
        .toBe('SendError')
      await line.close()
      expect(asked).toBe(1)
    })

    test('a device removed on the phone is told as logged out and does not come back by itself', async () => {
      const { session, line, ears } = await linked()
      await session.unlinkOnPhone()
      expect(await ears.state('logged_out')).toMatchObject({ reason: 'phone_unlinked' })
      const from = ears.events.length
      line.connect()
      await ears.state('awaiting_link', { from })
      await line.close()
    })

    test('unlinking removes the device on the phone and forgets the credentials', async () => {
      const { session, line, ears } = await linked()
      expect(await line.unlink()).toEqual({ confirmed: true })
      expect(await session.isLinkedOnPhone()).toBe(false)
      const from = ears.events.length
      const next = await session.open()
      next.connect()
      await ears.state('awaiting_link', { from })
      await next.close()
    })

    test('sending without a connection certainly sends nothing', async () => {
      const { session, line } = await linked()
      const { address } = (await line.lookUp((await session.meet('Ina')).phone))!
      const prepared = await line.prepare(address, { kind: 'text', text: 'never' })
      await line.close()
      await expect(line.send(address, prepared, session.channel.kind.mintId!())).rejects.toMatchObject({
        fate: 'not_sent',
        final: false,
      })
    })
  })
}
