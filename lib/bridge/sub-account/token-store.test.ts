import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '@/db/client'
import { subAccounts } from '@/db/schema/sub-accounts'
import { startRig, type Rig } from '@/lib/http/fixtures/rig'
import type { LocationId } from '@/lib/ids'
import { acceptAppEvent } from './accept-app-event'
import { probeSuspended } from './probe-suspended'
import { createTokenStore } from './token-store'

let rig: Rig
let single: LocationId
let bulk: LocationId
beforeAll(async () => {
  rig = await startRig()
  const agency = await rig.crm.createAgency('Second Agency')
  bulk = (await rig.crm.createSubAccount('Bulk', { companyId: agency.id })).id as LocationId
  await rig.crm.createUser({ companyId: agency.id, name: 'Ann Agent', type: 'agency', role: 'admin', owner: true })
  await rig.crm.installAgency({ companyId: agency.id })
  single = rig.locationIds[0]!
  await rig.crm.install(single)
  await rig.crm.webhooksIdle()
  await rig.idle()
})
afterAll(() => rig.close())
beforeEach(async () => {
  await rig.crm.clearFaults()
  await rig.crm.changeSubAccount(single, { active: true })
  await rig.web.ctx.db.execute(sql`update sub_accounts set status = 'active' where status <> 'active'`)
})

type Asked = { grantType: string; outcome: string; locationId?: string }
/** What the CRM was asked for tokens since. */
async function tokenCalls(since: number): Promise<string[]> {
  const events = (await rig.crm.history(since, ['token'])) as unknown as Asked[]
  return events.map(({ grantType, outcome }) => `${grantType}: ${outcome}`)
}
const makeStale = () => rig.web.ctx.db.execute(sql`update tokens set refresh_at = now() - interval '1 second'`)
const makeDead = () =>
  rig.web.ctx.db.execute(
    sql`update tokens set refresh_at = now() - interval '1 hour', expires_at = now() - interval '1 second'`,
  )
const processes = () => [rig.anotherWeb(), rig.anotherWeb(), rig.anotherWeb(), rig.anotherWeb()]
const statusOf = async (id: LocationId) => {
  const [row] = await rig.web.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, id))
  return row?.status
}
const works = (token: string, id: LocationId) =>
  fetch(`${rig.emulator.apiUrl}/locations/${id}`, {
    headers: { authorization: `Bearer ${token}`, version: '2021-07-28' },
  }).then((answer) => answer.status)

test('twenty callers in four processes that find a token stale ask the CRM once, and all get the same new one', async () => {
  const before = await rig.web.ctx.tokens.accessToken(single)
  await makeStale()
  const since = await rig.crm.now()
  const callers = processes().flatMap((web) => Array.from({ length: 5 }, () => web.ctx.tokens.accessToken(single)))
  const tokens = await Promise.all(callers)
  expect(new Set(tokens).size).toBe(1)
  expect(tokens[0]).not.toBe(before)
  expect(await works(tokens[0]!, single)).toBe(200)
  expect(await tokenCalls(since)).toEqual(['refresh_token: issued'])
})

test('twenty callers whose token was refused replace it once', async () => {
  const refused = await rig.anotherWeb().ctx.tokens.accessToken(single)
  await rig.crm.expireTokens({ locationId: single })
  const since = await rig.crm.now()
  const callers = processes().flatMap((web) => Array.from({ length: 5 }, () => web.ctx.tokens.replace(single, refused)))
  expect(new Set(await Promise.all(callers)).size).toBe(1)
  expect(await tokenCalls(since)).toEqual(['refresh_token: issued'])
})

test('a CRM that answers later than transactions may last does not cost the new pair', async () => {
  const { ctx } = rig.anotherWeb()
  const url = new URL(rig.web.settings.databaseUrl)
  const [server] = await ctx.db.execute(sql`select current_setting('server_version_num')::int >= 170000 as can`)
  url.searchParams.set('idle_in_transaction_session_timeout', '2s')
  if (server?.can) url.searchParams.set('transaction_timeout', '2s')
  const impatient = openDatabase(url.href, { max: 1 })
  try {
    await makeDead()
    await rig.crm.fault('delay', { path: '^/oauth/token', ms: 5_000, times: 1 })
    const store = createTokenStore({ ...ctx, db: impatient.db })
    expect(await works(await store.accessToken(single), single)).toBe(200)
    // Stored, not only answered.
    expect(await works(await rig.anotherWeb().ctx.tokens.accessToken(single), single)).toBe(200)
    await expect(
      impatient.db.transaction(async (tx) => {
        await tx.execute(sql`select 1`)
        await new Promise((done) => setTimeout(done, 3_000))
        await tx.execute(sql`select 1`)
      }),
    ).rejects.toThrow()
  } finally {
    await impatient.close()
  }
})

test('a token that is fresh costs the CRM nothing', async () => {
  const since = await rig.crm.now()
  for (const web of processes()) await web.ctx.tokens.accessToken(single)
  expect(await tokenCalls(since)).toEqual([])
})

test('an agency’s sub-account is minted a token, its refresh token is left alone', async () => {
  await makeStale()
  const since = await rig.crm.now()
  const token = await rig.anotherWeb().ctx.tokens.accessToken(bulk)
  expect(await works(token, bulk)).toBe(200)
  expect(await tokenCalls(since)).toEqual(['refresh_token: issued', 'location_token: issued'])
})

test('an agency token revoked in between is replaced and the mint repeated', async () => {
  const agency = (await rig.crm.state()).companyInstalls.find((one) => one.companyId !== rig.companyId)!
  await rig.crm.expireTokens({ companyId: agency.companyId })
  const web = rig.anotherWeb()
  const refused = await web.ctx.tokens.accessToken(bulk)
  const token = await web.ctx.tokens.replace(bulk, refused)
  expect(await works(token, bulk)).toBe(200)
})

describe('a chain of refresh tokens that broke', () => {
  test('by a lost answer is mended by asking for a new grant, once', async () => {
    await makeDead()
    await rig.crm.fault('drop-after', { path: '^/oauth/token', times: 1 })
    const web = rig.anotherWeb()
    await expect(web.ctx.tokens.accessToken(single)).rejects.toMatchObject({ kind: 'try_later' })
    expect(await statusOf(single)).toBe('active')
    const since = await rig.crm.now()
    expect(await works(await web.ctx.tokens.accessToken(single), single)).toBe(200)
    expect((await tokenCalls(since)).at(-1)).toBe('authorization_code: issued')
  })

  test('by a crash between the answer and the commit is mended by the next process', async () => {
    const { db, vault, oauth, clock, log } = rig.web.ctx
    await makeDead()
    const dying = createTokenStore({
      db,
      vault,
      oauth,
      clock,
      log,
      reach: () => {
        throw new Error('the process died here')
      },
    })
    await expect(dying.accessToken(single)).rejects.toThrow('died here')
    expect(await works(await rig.anotherWeb().ctx.tokens.accessToken(single), single)).toBe(200)
  })

  test('for good asks for a person, and stops asking the CRM', async () => {
    await makeDead()
    await rig.crm.expireTokens({ locationId: single, refreshToo: true })
    await rig.crm.fault('status', {
      path: '^/oauth/reconnect',
      status: 400,
      body: { statusCode: 400, message: 'Bad Request' },
    })
    await expect(rig.anotherWeb().ctx.tokens.accessToken(single)).rejects.toMatchObject({ kind: 'unauthorised' })
    expect(await statusOf(single)).toBe('needs_reauth')
    const since = await rig.crm.now()
    await expect(rig.anotherWeb().ctx.tokens.accessToken(single)).rejects.toMatchObject({ kind: 'unauthorised' })
    expect(await tokenCalls(since)).toEqual([])

    await rig.crm.clearFaults()
    await rig.crm.install(single)
    expect(await statusOf(single)).toBe('active')
    expect(await works(await rig.anotherWeb().ctx.tokens.accessToken(single), single)).toBe(200)
  })
})

test('while the CRM cannot be reached, a token that is still good goes on', async () => {
  const token = await rig.web.ctx.tokens.accessToken(single)
  await makeStale()
  await rig.crm.fault('status', { path: '^/oauth/token', status: 503 })
  expect(await rig.anotherWeb().ctx.tokens.accessToken(single)).toBe(token)
  expect(await statusOf(single)).toBe('active')
})

test('wrong client credentials cost no sub-account its authorisation', async () => {
  await makeDead()
  const broken = rig.anotherWeb()
  await rig.crm.fault('status', { path: '^/oauth/(token|reconnect)', status: 401, body: { message: 'Invalid client' } })
  await expect(broken.ctx.tokens.accessToken(single)).rejects.toMatchObject({ kind: 'try_later' })
  expect(await statusOf(single)).toBe('active')
})

test('a paused sub-account is suspended, not asked again, and back when a probe finds it active', async () => {
  await makeDead()
  await rig.crm.changeSubAccount(single, { active: false })
  await expect(rig.anotherWeb().ctx.tokens.accessToken(single)).rejects.toMatchObject({ kind: 'suspended' })
  expect(await statusOf(single)).toBe('suspended')
  const since = await rig.crm.now()
  const other = rig.anotherWeb()
  await expect(other.ctx.tokens.accessToken(single)).rejects.toMatchObject({ kind: 'suspended' })
  expect(await tokenCalls(since)).toEqual([])
  await rig.crm.changeSubAccount(single, { active: true })
  await other.ctx.tokens.probe(single)
  expect(await statusOf(single)).toBe('active')
  expect(await works(await other.ctx.tokens.accessToken(single), single)).toBe(200)
})

test('the CRM saying so in any answer suspends, an hourly probe ends it', async () => {
  const { ctx } = rig.anotherWeb()
  const body = { statusCode: 400, message: 'Location is not active' }
  await rig.crm.fault('status', { path: '^/locations/', status: 400, body, times: 1 })
  await expect(ctx.highlevel.forSubAccount(single).getLocation()).rejects.toMatchObject({ kind: 'suspended' })
  expect(await statusOf(single)).toBe('suspended')
  await probeSuspended(rig.anotherWeb().ctx)
  expect(await statusOf(single)).toBe('active')
})

test('an uninstall during a refresh leaves no token behind', async () => {
  const { ctx } = rig.anotherWeb()
  await makeDead()
  let respond = () => {}
  const answered = new Promise<void>((resolve) => (respond = resolve))
  let goOn = () => {}
  const held = new Promise<void>((resolve) => (goOn = resolve))
  const store = createTokenStore({
    ...ctx,
    reach: async () => {
      respond()
      await held
    },
  })
  const refreshing = store.accessToken(single)
  refreshing.catch(() => {})
  await answered
  await acceptAppEvent(ctx, {
    key: 'uninstall-during-refresh',
    signed: { webhookId: null, at: new Date(), event: { type: 'uninstall', locationId: single, companyId: null } },
  })
  goOn()
  await expect(refreshing).rejects.toMatchObject({ kind: 'unauthorised' })
  const left = await ctx.db.execute(sql`select 1 from tokens where owner_id = ${single}`)
  expect(left.length).toBe(0)
})
