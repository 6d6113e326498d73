import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { whatsappCredentials, whatsappKeys } from '@/db/schema/whatsapp'
import { RecordingEars } from '@/lib/channel/recording-ears'
import { worldForTests } from './test-steps'

const here = worldForTests()

describe('linking', () => {
  test('by a code typed on the phone', async () => {
    const session = await here.world.session()
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
    const session = await here.world.session(here.world.channel({ timings: { pairingWindowMs: 3_000, qrMs: 80 } }))
    const line = await session.open()
    line.connect()
    expect(await session.ears.state('unpaired')).toMatchObject({ reason: 'pairing_timeout' })
    const texts = session.ears.of('state').flatMap(({ pairing }) => (pairing ? [pairing.text] : []))
    expect(texts.length).toBeGreaterThan(6)
    expect(new Set(texts).size).toBe(texts.length)
    expect(
      await here.world.db
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
    const session = await here.world.session()
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
    const session = await here.world.session()
    session.phone = '+15550100'
    const line = await session.open()
    line.connect()
    await session.link((await session.ears.state('awaiting_link')).pairing!)
    expect(await session.ears.state('logged_out')).toMatchObject({ reason: 'paired_number_mismatch' })
    await expect.poll(() => session.isLinkedOnPhone()).toBe(false)
    expect(session.ears.of('state').some(({ state }) => state === 'connected')).toBe(false)
    await line.close()
    expect(
      await here.world.db
        .select()
        .from(whatsappKeys)
        .where(sql`session_id = ${session.id}`),
    ).toEqual([])
  })
})

describe('endings', () => {
  test.each([408, 428, 503, 515])('after %i the line comes back by itself, without a scan', async (code) => {
    const { session, line } = await here.started()
    const logins = (await here.eventsOf('login', ({ number }) => number === session.owner.number)).length
    const from = session.ears.events.length
    await here.world.phones.closeConnections(session.owner.number, code)
    if (code === 515) await session.ears.state('connected', { from })
    else await session.ears.reconnected(from)
    await expect
      .poll(() => here.eventsOf('login', ({ number }) => number === session.owner.number))
      .toHaveLength(logins + 1)
    const said = session.ears.events.slice(from).flatMap((event) => (event.type === 'state' ? [event.state] : []))
    expect(new Set(said)).toEqual(new Set(code === 515 ? ['connected'] : ['reconnecting', 'connected']))
    await line.close()
  })

  test.each([
    [401, 'logged_out', 'phone_unlinked'],
    [403, 'banned', 'account_refused'],
    [406, 'banned', 'account_refused'],
    [405, 'failed', 'client_outdated'],
    [411, 'failed', 'client_outdated'],
    // Nothing comes back by itself when the ban is over: somebody decides that.
    [402, 'banned', 'temporary_ban'],
  ] as const)('%i ends in %s', async (code, state, reason) => {
    const { session, line } = await here.started()
    const logins = (await here.eventsOf('login', ({ number }) => number === session.owner.number)).length
    await here.world.phones.closeConnections(session.owner.number, code)
    expect(await session.ears.state(state)).toMatchObject({ reason, code })
    await line.close()
    expect(await here.eventsOf('login', ({ number }) => number === session.owner.number)).toHaveLength(logins)
    const kept = await here.world.db
      .select()
      .from(whatsappCredentials)
      .where(sql`session_id = ${session.id}`)
    expect(kept).toHaveLength(code === 401 ? 0 : 1)
  })

  test('replaced three times in a short while is a fight, and the line leaves it', async () => {
    const { session, line } = await here.started()
    for (let round = 0; round < 3; round++) {
      const from = session.ears.events.length
      await here.world.phones.closeConnections(session.owner.number, 440)
      if (round < 2) await session.ears.reconnected(from)
      else await session.ears.state('failed', { from })
    }
    expect(session.ears.of('state').at(-1)).toMatchObject({ reason: 'connection_replaced' })
    await line.close()
  })

  test('a session that is bad three times in a row must be linked anew', async () => {
    const { session, line } = await here.started()
    await here.world.phones.loginAnswer(session.owner.number, 500, 5)
    await here.world.phones.closeConnections(session.owner.number, 500)
    expect(await session.ears.state('logged_out')).toMatchObject({ reason: 'bad_credentials' })
    await line.close()
  })

  test('a server that cannot be reached is tried again until the time is up', async () => {
    const { session, line } = await here.started({ timings: { giveUpMs: 3_000 } })
    await here.world.phones.refuseConnections()
    await here.world.phones.closeConnections(session.owner.number, 428)
    expect(await session.ears.state('failed')).toMatchObject({ reason: 'retries_exhausted' })
    expect(session.ears.of('state').filter(({ state }) => state === 'reconnecting').length).toBeGreaterThan(2)
    await line.close()
  })
})
