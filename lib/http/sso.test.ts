import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Actor } from '@/lib/bridge/context'
import { sweepMemory } from '@/lib/bridge/sub-account/sweep'
import { readEmbedToken } from './embed-token'
import { startRig, type Rig } from './fixtures/rig'
import { identify } from './identify'
import { frameHeader } from './sso'
import { sessionSetCookie } from './browser-session'
import { makeTabCode, spendTabCode } from './tab-code'
import { createAttempts } from './attempts'
import { createCallRate } from './call-rate'

let rig: Rig
let people: Record<string, string>
let installed: string
let other: string
beforeAll(async () => {
  rig = await startRig()
  people = Object.fromEntries(rig.users.map((user) => [`${user.firstName} ${user.lastName}`, user.id]))
  await rig.crm.installAgency({ companyId: rig.companyId })
  await rig.crm.webhooksIdle()
  await rig.idle()
  installed = rig.locationIds[0]!
  other = rig.locationIds[1]!
})
afterAll(() => rig.close())
beforeEach(() => {
  rig.web.attempts = createAttempts(rig.web.ctx.clock)
})

interface Answer {
  token: string
  expiresAt: string
  user: { id: string; name: string; email: string; role: string; type: string }
  locationId?: string
  companyId: string
}
const exchange = (payload: string, frame?: string) =>
  fetch(`${rig.appUrl}/api/sso`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(frame ? { [frameHeader]: frame } : {}) },
    body: JSON.stringify({ payload }),
  })
const aFrame = () => randomBytes(16).toString('base64url')
const payloadFor = (name: string, location?: string) =>
  rig.crm.ssoPayload({ user: people[name]!, ...(location ? { location } : {}) })
async function tokenFor(name: string, location?: string): Promise<Answer> {
  const answer = await exchange(await payloadFor(name, location))
  expect(answer.status).toBe(200)
  return (await answer.json()) as Answer
}
const ask = (headers: Record<string, string>, method = 'GET') =>
  identify(rig.web, new Request(`${rig.appUrl}/api/v1/me`, { method, headers }))
type User = Extract<Actor, { kind: 'user' }>
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('rights are what the CRM confirms', () => {
  test.each<[string, 'installed' | null, Partial<User>]>([
    ['Alex Kim', null, { role: 'agency_admin', locationId: null, locationIds: null }],
    ['Alex Kim', 'installed', { role: 'agency_admin', locationIds: null }],
    ['Kim Roe', 'installed', { role: 'location_admin', locationIds: null }],
    ['Sam Lee', 'installed', { role: 'location_user', locationIds: null }],
  ])('%s in %s', async (name, where, expected) => {
    const answer = await tokenFor(name, where ? installed : undefined)
    const { actor } = await ask(bearer(answer.token))
    expect(actor).toMatchObject({ kind: 'user', userId: people[name], companyId: rig.companyId, name, ...expected })
    expect(answer.locationId).toBe(where ? installed : undefined)
    expect(answer.user).toMatchObject({ id: people[name], name })
    expect(new Date(answer.expiresAt).getTime() - Date.now()).toBeLessThanOrEqual(15 * 60_000)
  })

  test('an agency user without a sub-account is limited to what the CRM lists', async () => {
    const { token } = await tokenFor('Robin Vale')
    expect((await ask(bearer(token))).actor).toMatchObject({ role: 'agency_user', locationIds: [installed] })
  })

  test('an admin the CRM has made a user since is one', async () => {
    const payload = await payloadFor('Jo Marsh', other)
    await rig.crm.changeUser(people['Jo Marsh']!, { role: 'user' })
    const answer = (await (await exchange(payload)).json()) as Answer
    expect(answer.user.role).toBe('user')
    await rig.crm.changeUser(people['Jo Marsh']!, { role: 'admin' })
  })

  test('an admin is one even while messages use up what may be asked for the sub-account', async () => {
    const saved = rig.web.ctx
    rig.web.ctx = rig.anotherWeb().ctx
    await rig.web.ctx.db.execute(
      sql`insert into crm_budgets values (${installed}, now() + interval '1 hour')
        on conflict (location_id) do update set spent_until = excluded.spent_until`,
    )
    const answer = await tokenFor('Kim Roe', installed)
    await rig.web.ctx.db.execute(sql`delete from crm_budgets`)
    rig.web.ctx = saved
    expect(answer.user.role).toBe('admin')
  })

  test('a user the CRM cannot be asked about has the least', async () => {
    const stranger = rig.anotherWeb()
    const saved = rig.web.ctx
    rig.web.ctx = stranger.ctx
    await rig.crm.fault('status', { path: '^/users/', status: 503 })
    const answer = await tokenFor('Kim Roe', installed)
    await rig.crm.clearFaults()
    rig.web.ctx = saved
    expect(answer.user.role).toBe('user')
  })
})

describe('the encrypted user data', () => {
  test('is taken once; only the frame that brought it may bring it again', async () => {
    const payload = await payloadFor('Kim Roe', installed)
    const frame = aFrame()
    expect((await exchange(payload, frame)).status).toBe(200)
    expect((await exchange(payload, frame)).status).toBe(200)
    expect((await exchange(payload, aFrame())).status).toBe(401)
    expect((await exchange(payload)).status).toBe(401)
    const unframed = await payloadFor('Kim Roe', installed)
    expect((await exchange(unframed)).status).toBe(200)
    expect((await exchange(unframed)).status).toBe(401)
  })

  test('is taken from nobody else however long ago it was', async () => {
    const payload = await payloadFor('Kim Roe', installed)
    const frame = aFrame()
    expect((await exchange(payload, frame)).status).toBe(200)
    const { db } = rig.web.ctx
    await db.execute(sql`update sso_exchanges set exchanged_at = now() - interval '400 days'`)
    await sweepMemory(db)
    expect((await exchange(payload, aFrame())).status).toBe(401)
    expect((await exchange(payload, frame)).status).toBe(200)
  })

  test('written differently is still the same data', async () => {
    const payload = await payloadFor('Kim Roe', installed)
    expect((await exchange(payload)).status).toBe(200)
    expect((await exchange(`${payload}\n`)).status).toBe(401)
    expect((await exchange(payload.replaceAll('+', '-').replaceAll('/', '_'))).status).toBe(401)
  })

  test('is refused in the same words whatever is wrong with it', async () => {
    const payload = await payloadFor('Kim Roe', installed)
    const bytes = Buffer.from(payload, 'base64')
    const padding = Buffer.from(bytes)
    padding[padding.length - 17]! ^= 1
    const json = Buffer.from(bytes)
    json[20]! ^= 1
    const answers: string[] = []
    for (const bad of [padding.toString('base64'), json.toString('base64'), 'nonsense', 'U2FsdGVkX18='] as const) {
      const answer = await exchange(bad)
      answers.push(`${answer.status} ${await answer.text()}`)
    }
    const nowhere = await rig.crm.createSubAccount('Without the app')
    const foreign = await exchange(await rig.crm.ssoPayload({ user: people['Alex Kim']!, location: nowhere.id }))
    answers.push(`${foreign.status} ${await foreign.text()}`)
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatch(/^401 /)
  })

  test('is tried ten times a minute, then not', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await exchange('nonsense')).status)
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429])
  })

  test('of another shape is a bad request', async () => {
    const send = (body: string) =>
      fetch(`${rig.appUrl}/api/sso`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    for (const body of ['', '{}', '{"payload":1}', '{"payload":"x","role":"admin"}'])
      expect((await send(body)).status).toBe(400)
  })
})

describe('a token', () => {
  test('ends with the install', async () => {
    const late = (await rig.crm.createSubAccount('Short visit')).id
    await rig.crm.install(late)
    await rig.crm.webhooksIdle()
    const { token } = (await (
      await exchange(await rig.crm.ssoPayload({ user: people['Alex Kim']!, location: late }))
    ).json()) as Answer
    expect((await ask(bearer(token))).actor.locationId).toBe(late)
    await rig.crm.uninstall(late)
    await rig.crm.webhooksIdle()
    await expect(ask(bearer(token))).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('that was changed, is over, or is somebody else’s is none', async () => {
    const { token } = await tokenFor('Sam Lee', installed)
    const [body, mac] = token.split('.') as [string, string]
    const admin = Buffer.from(
      Buffer.from(body, 'base64url').toString().replace('location_user', 'agency_admin'),
    ).toString('base64url')
    const later = new Date(Date.now() + 15 * 60_000 + 1)
    expect(readEmbedToken(rig.web.keys.embedToken, token, later)).toBeNull()
    for (const bad of [`${admin}.${mac}`, `${body}.`, body, '', `${body}.${mac}.x`, 'a.b'])
      await expect(ask(bearer(bad))).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(ask({})).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('a tab of its own', () => {
  const user = async () => (await ask(bearer((await tokenFor('Kim Roe', installed)).token))).actor

  test('is reached with a code that works once, within a minute', async () => {
    const person = await user()
    const { code, url } = await makeTabCode(rig.web, person)
    expect(url).toBe(`${rig.appUrl}/oauth/tab#${code}`)
    const spent = await Promise.all([spendTabCode(rig.web, code), spendTabCode(rig.web, code)])
    expect(spent.filter((one) => one !== null)).toEqual([person])
    const { code: old } = await makeTabCode(rig.web, person)
    await rig.web.ctx.db.execute(sql`update tab_codes set expires_at = now() - interval '1 second'`)
    expect(await spendTabCode(rig.web, old)).toBeNull()
    expect(await spendTabCode(rig.web, 'invented')).toBeNull()
  })

  test('reads with its cookie, and changes things only from our own pages', async () => {
    const person = await user()
    const cookie = (await sessionSetCookie(rig.web, person)).split(';')[0]!
    expect((await ask({ cookie })).actor).toEqual(person)
    const own = { cookie, origin: rig.appUrl }
    expect((await ask({ ...own, 'sec-fetch-site': 'same-origin' }, 'POST')).actor).toEqual(person)
    const foreign: Record<string, string>[] = [
      { cookie },
      { cookie, origin: 'https://evil.example' },
      { cookie, origin: 'null' },
      { ...own, 'sec-fetch-site': 'cross-site' },
      { ...own, 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) await expect(ask(headers, 'POST')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(ask({ cookie: `${cookie}x` })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  test('has a cookie no other host, path or script can touch', async () => {
    const cookie = await sessionSetCookie(rig.web, await user())
    expect(cookie).toMatch(/^__Host-trunkline\.session=[^;]+; Path=\/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax$/)
  })
})

test('who asks more often than a person can waits, and nobody else does', async () => {
  const { token } = await tokenFor('Alex Kim')
  const { token: neighbour } = await tokenFor('Kim Roe', installed)
  rig.web.rates.calls = createCallRate(rig.web.ctx.clock, { count: 2, withinMs: 10_000 })
  for (let n = 1; n <= 2; n++) await ask(bearer(token))
  await expect(ask(bearer(token))).rejects.toMatchObject({
    code: 'too_many_requests',
    retryAfterSeconds: expect.any(Number),
  })
  expect((await ask(bearer(neighbour))).actor).toMatchObject({ role: 'location_admin' })
})
