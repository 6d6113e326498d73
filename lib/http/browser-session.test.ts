import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { confirmUser, recogniseUser } from '@/lib/bridge/sub-account/recognise-user'
import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { cookieIn, endSession, findSession, sessionCookie, sessionSetCookie } from './browser-session'
import { startRig, type Rig } from './fixtures/rig'
import { identify } from './identify'
import type { Web } from './web'

let rig: Rig
let here: LocationId
beforeAll(async () => {
  rig = await startRig()
  here = rig.locationIds[0]!
  await rig.crm.installAgency({ companyId: rig.companyId })
  await rig.crm.webhooksIdle()
  await rig.idle()
})
afterAll(() => rig.close())

let userId: UserId
beforeEach(async () => {
  const at = { companyId: rig.companyId, locations: [here] }
  userId = (await rig.crm.createUser({ name: 'Ada Admin', type: 'account', role: 'admin', ...at })).id as UserId
})

const claim = (locationId: LocationId | null = here) => ({
  ...{ userId, companyId: rig.companyId as CompanyId, locationId },
  ...{ name: '', email: '', type: 'account' as const },
})
/** The cookie of a browser this person has just signed in with. */
async function signedIn(web: Web = rig.web): Promise<string> {
  const user = await recogniseUser(web.ctx, claim())
  expect(user).toMatchObject({ role: 'location_admin' })
  return (await sessionSetCookie(web, user!)).split(';')[0]!
}
const ask = async (cookie: string, more: Record<string, string> = {}, web: Web = rig.anotherWeb()) =>
  await identify(web, new Request(`${rig.appUrl}/api/v1/me`, { headers: { cookie, ...more } }))
const refused = { code: 'unauthenticated' }
/** As if that many minutes had passed since. */
const age = (columns: ('signed_in_at' | 'seen_at' | 'checked_at' | 'confirmed_at')[], minutes: number) =>
  rig.web.ctx.db.execute(
    sql`update browser_sessions set ${sql.join(
      columns.map((name) => sql`${sql.identifier(name)} = now() - ${minutes}::int * interval '1 minute'`),
      sql`, `,
    )}`,
  )

describe('a session ends', () => {
  test('with a log-out, also for who copied the cookie', async () => {
    const cookie = await signedIn()
    expect((await ask(cookie)).actor).toMatchObject({ userId })
    await endSession(rig.web, cookieIn(cookie, sessionCookie)!)
    await expect(ask(cookie)).rejects.toMatchObject(refused)
  })

  test('half an hour after it was last used, and eight hours after it began', async () => {
    const cookie = await signedIn()
    await age(['seen_at'], 29)
    await ask(cookie)
    await age(['signed_in_at'], 8 * 60 - 1)
    expect((await ask(cookie)).endsAt.getTime()).toBeLessThan(Date.now() + 61_000)
    await age(['signed_in_at'], 8 * 60 + 1)
    await expect(ask(cookie)).rejects.toMatchObject(refused)
    const idle = await signedIn()
    await age(['seen_at'], 31)
    await expect(ask(idle)).rejects.toMatchObject(refused)
  })

  test('for a page nobody looks at, although its stream stays open', async () => {
    const cookie = await signedIn()
    const stream = { accept: 'text/event-stream' }
    await age(['seen_at'], 29)
    expect((await ask(cookie, stream)).endsAt.getTime()).toBeLessThanOrEqual(Date.now() + 15 * 60_000)
    await age(['seen_at'], 31)
    await expect(ask(cookie, stream)).rejects.toMatchObject(refused)
  })

  test('that nobody opened is none', async () => {
    for (const made of ['fixed-by-somebody-else', 'A'.repeat(43), ''])
      await expect(ask(`${sessionCookie}=${made}`)).rejects.toMatchObject(refused)
  })

  test('and is nowhere to be read', async () => {
    const cookie = await signedIn()
    const id = cookieIn(cookie, sessionCookie)!
    const [row] = await rig.web.ctx.db.execute<{ stored: string }>(
      sql`select string_agg(b::text, ' ') as stored from browser_sessions b`,
    )
    expect(row!.stored).not.toContain(id)
    expect(await findSession(rig.web, id)).not.toBeNull()
  })
})

describe('rights are asked for again every five minutes', () => {
  test('an admin who was made a user since is one', async () => {
    const cookie = await signedIn()
    await rig.crm.changeUser(userId, { role: 'user' })
    expect((await ask(cookie)).actor).toMatchObject({ role: 'location_admin' })
    await age(['checked_at'], 6)
    expect((await ask(cookie)).actor).toMatchObject({ role: 'location_user' })
    await rig.crm.changeUser(userId, { role: 'admin' })
    await age(['checked_at'], 6)
    expect((await ask(cookie)).actor).toMatchObject({ role: 'location_admin' })
  })

  test('who was removed is out, for good', async () => {
    const cookie = await signedIn()
    await rig.crm.changeUser(userId, { deleted: true })
    await age(['checked_at'], 6)
    await expect(ask(cookie)).rejects.toMatchObject(refused)
    await rig.crm.changeUser(userId, { deleted: false })
    await expect(ask(cookie)).rejects.toMatchObject(refused)
  })

  test('who was moved to another sub-account is out of this one', async () => {
    const cookie = await signedIn()
    await rig.crm.changeUser(userId, { locationIds: [rig.locationIds[1]!] })
    expect(await confirmUser(rig.anotherWeb().ctx, claim())).toBe('gone')
    await age(['checked_at'], 6)
    await expect(ask(cookie)).rejects.toMatchObject(refused)
  })

  test('of many requests at once one asks', async () => {
    const cookie = await signedIn()
    await rig.crm.changeUser(userId, { role: 'user' })
    await age(['checked_at'], 6)
    const web = rig.anotherWeb()
    const seen = await rig.crm.fault('delay', { path: '^/users/', ms: 50 })
    await Promise.all(Array.from({ length: 10 }, () => ask(cookie, {}, web)))
    expect((await rig.crm.faults()).find(({ id }) => id === seen)?.hits).toBe(1)
    await rig.crm.clearFaults()
  })

  test('while the CRM does not answer they last half an hour, and then are the least', async () => {
    const cookie = await signedIn()
    await rig.crm.fault('status', { path: '^/users/', status: 503 })
    await age(['checked_at'], 6)
    expect((await ask(cookie)).actor).toMatchObject({ role: 'location_admin' })
    await age(['checked_at'], 6)
    await age(['confirmed_at'], 31)
    expect((await ask(cookie)).actor).toMatchObject({ role: 'location_user' })
    await rig.crm.clearFaults()
    await age(['checked_at'], 6)
    expect((await ask(cookie)).actor).toMatchObject({ role: 'location_admin' })
  })

  test('an uninstall ends it at once', async () => {
    const late = (await rig.crm.createSubAccount('Short visit')).id as LocationId
    await rig.crm.install(late)
    await rig.crm.webhooksIdle()
    const boss = rig.users.find(({ type, role }) => type === 'agency' && role === 'admin')!.id as UserId
    const user = await recogniseUser(rig.web.ctx, { ...claim(late), userId: boss })
    const cookie = (await sessionSetCookie(rig.web, user!)).split(';')[0]!
    expect((await ask(cookie)).actor.locationId).toBe(late)
    await rig.crm.uninstall(late)
    await rig.crm.webhooksIdle()
    await expect(ask(cookie)).rejects.toMatchObject(refused)
  })
})
