import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { subAccounts, tokens } from '@/db/schema/sub-accounts'
import type { LocationId } from '@/lib/ids'
import { readSession, sessionCookie } from './browser-session'
import { createCallRate } from './call-rate'
import { startRig, type Rig } from './fixtures/rig'
import { installTexts, type InstallLanguage } from './install-texts'
import { finishInstall } from './installing'

let rig: Rig
beforeAll(async () => void (rig = await startRig()))
afterAll(() => rig.close())

const statusOf = async (id: string) => {
  const [row] = await rig.web.ctx.db
    .select()
    .from(subAccounts)
    .where(eq(subAccounts.id, id as LocationId))
  return row && { status: row.status, name: row.name, companyId: row.companyId }
}
const tokenOwners = async () =>
  (await rig.web.ctx.db.select({ kind: tokens.ownerKind, id: tokens.ownerId }).from(tokens))
    .map(({ kind, id }) => `${kind}:${id}`)
    .sort()
async function settled() {
  await rig.crm.webhooksIdle()
  await rig.idle()
}

beforeEach(async () => {
  for (const id of rig.locationIds) await rig.crm.uninstall(id)
  await rig.crm.uninstall({ companyId: rig.companyId })
  await settled()
  await rig.web.ctx.db.execute(sql`truncate sub_accounts, agencies, tokens, app_events cascade`)
  await rig.crm.set({
    oauth: { installWebhook: 'after-callback', futureInstallOmitsCompany: true, returnsState: true },
  })
})

describe('one sub-account', () => {
  test('started by us is installed and named', async () => {
    const [id] = rig.locationIds
    const [outcome] = await rig.crm.install(id!, { via: 'app' })
    expect(outcome).toMatchObject({ status: 200 })
    expect(outcome!.body).toContain('Open it in your CRM')
    expect(await statusOf(id!)).toEqual({ status: 'active', name: 'Harbour Dental', companyId: rig.companyId })
    expect(await tokenOwners()).toEqual([`Location:${id}`])
  })

  test.each(['before-callback', 'after-callback'] as const)('its INSTALL event comes %s', async (order) => {
    await rig.crm.set({ oauth: { installWebhook: order } })
    const [id] = rig.locationIds
    const [outcome] = await rig.crm.install(id!)
    await settled()
    expect(outcome!.status).toBe(200)
    expect(await statusOf(id!)).toMatchObject({ status: 'active', name: 'Harbour Dental' })
  })

  test('the token in the database is not the token', async () => {
    const [id] = rig.locationIds
    await rig.crm.install(id!)
    const token = await rig.web.ctx.tokens.accessToken(id!)
    const [row] = await rig.web.ctx.db.select().from(tokens)
    expect(token.length).toBeGreaterThan(40)
    expect(row!.accessSealed.includes(token)).toBe(false)
    expect(row!.accessSealed.includes(token.slice(0, 20))).toBe(false)
  })
})

describe('an agency', () => {
  test('all its sub-accounts are installed, named, and each acts with a token of its own', async () => {
    const outcome = await rig.crm.installAgency({ companyId: rig.companyId })
    await settled()
    expect(outcome.status).toBe(200)
    for (const id of rig.locationIds) {
      expect(await statusOf(id)).toMatchObject({ status: 'active', companyId: rig.companyId })
      expect((await rig.web.ctx.highlevel.forSubAccount(id).getLocation()).name).toBe((await statusOf(id))!.name)
    }
    expect(await tokenOwners()).toEqual(
      [`Company:${rig.companyId}`, ...rig.locationIds.map((id) => `Location:${id}`)].sort(),
    )
  })

  test('only the chosen ones are', async () => {
    const [one, other] = rig.locationIds
    await rig.crm.installAgency({ companyId: rig.companyId, locationIds: [one!] })
    await settled()
    expect(await statusOf(one!)).toMatchObject({ status: 'active' })
    expect(await statusOf(other!)).toBeUndefined()
  })

  test.each([true, false])('a later sub-account joins by its INSTALL event (agency omitted: %s)', async (omits) => {
    await rig.crm.set({ oauth: { futureInstallOmitsCompany: omits } })
    await rig.crm.installAgency({ companyId: rig.companyId, future: true })
    await settled()
    const created = await rig.crm.createSubAccount(`Future ${String(omits)}`)
    await settled()
    await expect
      .poll(() => statusOf(created.id))
      .toEqual({ status: 'active', name: created.name, companyId: rig.companyId })
    expect((await rig.web.ctx.highlevel.forSubAccount(created.id as LocationId).getLocation()).name).toBe(created.name)
    await rig.crm.uninstall(created.id)
  })
})

describe('the state of an install we started', () => {
  const finish = (query: string, cookie?: string) =>
    fetch(`${rig.appUrl}/oauth/callback?${query}`, { headers: cookie ? { cookie } : {} })
  async function begin() {
    const started = await fetch(`${rig.appUrl}/oauth/install`, { redirect: 'manual' })
    const authorize = new URL(started.headers.get('location')!)
    return { state: authorize.searchParams.get('state')!, cookie: started.headers.getSetCookie()[0]!.split(';')[0]! }
  }
  /** A code as the CRM would hand it to the browser. */
  async function codeFor(state?: string) {
    const authorize = new URL(rig.emulator.authorizeUrl)
    const form = new URLSearchParams({
      response_type: 'code',
      client_id: rig.app.clientId,
      redirect_uri: rig.app.redirectUri,
      choice: `location:${rig.locationIds[0]}`,
      ...(state ? { state } : {}),
    })
    const approved = await fetch(authorize, { method: 'POST', body: form, redirect: 'manual' })
    return new URL(approved.headers.get('location')!).searchParams.get('code')!
  }
  const signedIn = async (answer: Response) => {
    const set = answer.headers.getSetCookie().find((line) => line.startsWith(`${sessionCookie}=`))
    if (!set) return null
    return await readSession(rig.web, new Request(rig.appUrl, { headers: { cookie: set.split(';')[0]! } }))
  }

  test('brought back by the browser that began signs it in, with the rights the CRM confirms', async () => {
    const { state, cookie } = await begin()
    const answer = await finish(`code=${await codeFor(state)}&state=${state}`, cookie)
    expect(answer.status).toBe(200)
    const session = await signedIn(answer)
    expect(session?.user).toMatchObject({ locationId: rig.locationIds[0], companyId: rig.companyId })
    const user = rig.users.find((one) => one.id === session!.user.userId)!
    expect(session!.user.role).toBe(`${user.type === 'agency' ? 'agency' : 'location'}_${user.role}`)
  })

  test('brought back by another browser installs and signs nobody in', async () => {
    const { state } = await begin()
    const answer = await finish(`code=${await codeFor(state)}&state=${state}`)
    expect(answer.status).toBe(200)
    expect(await signedIn(answer)).toBeNull()
    expect(await statusOf(rig.locationIds[0]!)).toMatchObject({ status: 'active' })
  })

  test('absent, as when the marketplace began, installs and signs nobody in', async () => {
    const { cookie } = await begin()
    const answer = await finish(`code=${await codeFor()}`, cookie)
    expect(answer.status).toBe(200)
    expect(await signedIn(answer)).toBeNull()
  })

  test('used again is refused and installs nothing', async () => {
    const { state, cookie } = await begin()
    await finish(`code=${await codeFor(state)}&state=${state}`, cookie)
    await rig.crm.uninstall(rig.locationIds[0]!)
    await settled()
    const answer = await finish(`code=${await codeFor(state)}&state=${state}`, cookie)
    expect(answer.status).toBe(400)
    expect(await signedIn(answer)).toBeNull()
    expect(await statusOf(rig.locationIds[0]!)).toMatchObject({ status: 'uninstalled' })
  })

  test('invented is refused', async () => {
    const answer = await finish(`code=${await codeFor()}&state=invented`, '__Host-trunkline.state=invented')
    expect(answer.status).toBe(400)
    await settled()
    expect((await statusOf(rig.locationIds[0]!))?.status).not.toBe('active')
    expect(await tokenOwners()).toEqual([])
  })

  test('a code works once', async () => {
    const code = await codeFor()
    expect((await finish(`code=${code}`)).status).toBe(200)
    expect((await finish(`code=${code}`)).status).toBe(400)
  })

  test.each(['', 'error=access_denied', 'code='])('a callback with "%s" is a sentence, not a crash', async (query) => {
    expect((await finish(query)).status).toBe(400)
  })
})

describe('an uninstall', () => {
  test('of a sub-account erases its tokens and stops its sessions and work', async () => {
    const [id] = rig.locationIds
    await rig.crm.install(id!)
    const { db } = rig.web.ctx
    await db.execute(sql`
      insert into sessions (id, location_id, channel, label, priority, wanted, status)
      values (gen_random_uuid(), ${id}, 'whatsapp', 'Sales', 1, 'connected', 'connected'),
             (gen_random_uuid(), ${id}, 'whatsapp', 'Support', 2, 'closed', 'stopped')`)
    await db.execute(sql`
      insert into messages (id, location_id, direction, origin, body_sealed, status, occurred_at)
      values (gen_random_uuid(), ${id}, 'outbound', 'crm', '', 'queued', now()),
             (gen_random_uuid(), ${id}, 'outbound', 'crm', '', 'delivered', now())`)
    await db.execute(sql`insert into lanes (id, location_id) values ('lane', ${id})`)
    await db.execute(sql`
      insert into deliveries (id, key, kind, lane_id, location_id, subject_id)
      select gen_random_uuid(), status, 'route', 'lane', ${id}, id from messages where status = 'queued'`)
    await rig.crm.uninstall(id!)
    await settled()
    expect(await statusOf(id!)).toMatchObject({ status: 'uninstalled' })
    expect(await tokenOwners()).toEqual([])
    const rows = async (query: ReturnType<typeof sql>) => [...(await db.execute(query))]
    expect(await rows(sql`select distinct wanted from sessions`)).toEqual([{ wanted: 'removed' }])
    expect(await rows(sql`select state from deliveries`)).toEqual([{ state: 'given_up' }])
    expect(await rows(sql`select status from messages order by status`)).toEqual([
      { status: 'delivered' },
      { status: 'failed' },
    ])
    await expect(rig.web.ctx.tokens.accessToken(id!)).rejects.toMatchObject({ kind: 'unauthorised' })
  })

  test('of an agency ends all its sub-accounts, and it can come back', async () => {
    await rig.crm.installAgency({ companyId: rig.companyId })
    await settled()
    await rig.crm.uninstall({ companyId: rig.companyId })
    await settled()
    for (const id of rig.locationIds) expect(await statusOf(id)).toMatchObject({ status: 'uninstalled' })
    expect(await tokenOwners()).toEqual([])
    await rig.crm.installAgency({ companyId: rig.companyId })
    await settled()
    for (const id of rig.locationIds) {
      expect(await statusOf(id)).toMatchObject({ status: 'active' })
      await expect(rig.web.ctx.highlevel.forSubAccount(id).getLocation()).resolves.toBeTruthy()
    }
  })

  test('told late does not undo the install that followed', async () => {
    const [id] = rig.locationIds
    await rig.crm.install(id!)
    const before = new Date(Date.now() - 60_000).toISOString()
    const body = JSON.stringify({ type: 'UNINSTALL', locationId: id, timestamp: before, webhookId: 'late' })
    const answer = await fetch(`${rig.appUrl}/api/webhooks/app`, {
      method: 'POST',
      body,
      headers: await rig.crm.sign(body),
    })
    expect(answer.status).toBe(200)
    expect(await statusOf(id!)).toMatchObject({ status: 'active' })
  })
})

describe('a stranger', () => {
  const bring = (code: string, language: InstallLanguage = 'en') =>
    finishInstall(
      rig.web,
      new Request(`${rig.appUrl}/oauth/callback?code=${code}`, { headers: { 'x-trunkline-peer': '203.0.113.7' } }),
      () => {},
      language,
    )

  test('is told in their language that an invented code is not taken', async () => {
    const answer = await bring('invented', 'es')
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain(installTexts.es.codeRefused)
  })

  test('who brings one after another costs the CRM no more answers', async () => {
    rig.web.rates.installs = createCallRate(rig.web.ctx.clock, { count: 2, withinMs: 60_000 })
    const statuses = []
    for (const code of ['one', 'two', 'three']) statuses.push((await bring(code)).status)
    expect(statuses).toEqual([400, 400, 429])
  })
})

test.each(Object.entries(installTexts))('no text in %s is missing or has a word a listing forbids', (_, texts) => {
  for (const [key, text] of Object.entries(texts)) {
    expect(text.trim(), key).not.toBe('')
    expect(text, key).not.toMatch(/high\s*level|ghl|leadconnector/i)
  }
})
