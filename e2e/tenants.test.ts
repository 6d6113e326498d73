// Nobody reaches another tenant: every route of the build × every caller, with real ids of somebody else's. The routes come
// from the build itself, so a new one cannot be left out: it is either an operation of the API or named as a door below.
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { operations, type Operation } from '@/lib/http/operations'
import { answers, root, spawnNode, stopChild } from '@/scripts/children'
import { ensureBuilt } from '@/scripts/ensure-built'
import { nextFree } from '@/scripts/ports'
import { webProcess } from '@/scripts/web-process'
import { connectCrm, type CrmClient } from './emulators/highlevel/client'
import { startHighLevelEmulator, type HighLevelEmulator } from './emulators/highlevel/server'

/** Routes that are no operation of the API, and what keeps strangers out of each. */
const doors: Record<string, 'public' | 'signature' | 'token' | 'operator' | 'page without data'> = {
  '/api/auth/[...nextauth]': 'public',
  '/api/health': 'public',
  '/api/ready': 'public',
  '/api/sso': 'signature',
  '/api/sso/tab-code': 'token',
  '/api/webhooks/app': 'signature',
  '/api/webhooks/delivery/[secret]': 'signature',
  '/embed': 'page without data',
  '/embed/[locationId]': 'page without data',
  '/embed/[locationId]/messages': 'page without data',
  '/': 'page without data',
  '/metrics': 'operator',
  '/oauth/callback': 'public',
  '/oauth/install': 'public',
  '/oauth/tab': 'public',
}

/** A body each operation accepts, so that what refuses is never the body. */
const bodies: Record<string, object> = {
  createSession: { label: 'Intruder' },
  patchSession: { label: 'Renamed by an intruder' },
  requestPairingCode: { phone: '+12025550199' },
  sendMessage: { to: '+12025550199', text: 'sent by an intruder' },
}

const all: [string, Operation][] = Object.entries(operations)
const onSomething = all.filter(([, operation]) => operation.path.includes('{'))

let database: TestDatabase
let client: DatabaseClient
let emulator: HighLevelEmulator
let crm: CrmClient
let web: ChildProcess
let appUrl: string

interface Place {
  locationId: string
  sessionId: string
  messageId: string
}
interface Caller {
  name: string
  headers: Record<string, string>
  /** What these callers get for what is not theirs. */
  expected: 401 | 404
  /** Where they have nothing to look for. */
  foreign: Place[]
}
const callers: Caller[] = []
const places: Record<'ours' | 'sister' | 'theirs', Place> = {} as never
const nobody = (): Place => ({
  locationId: randomBytes(10).toString('hex'),
  sessionId: randomUUID(),
  messageId: randomUUID(),
})

beforeAll(async () => {
  await ensureBuilt()
  database = await createTestDatabase()
  client = openDatabase(database.url, { max: 2 })
  const port = await nextFree(20_000 + randomInt(20_000))
  appUrl = `http://localhost:${port}`
  const app = {
    clientId: `${randomBytes(12).toString('hex')}-tenants`,
    clientSecret: randomBytes(16).toString('hex'),
    ssoSecret: randomBytes(16).toString('hex'),
    providerId: randomBytes(12).toString('hex'),
    redirectUri: `${appUrl}/oauth/callback`,
    webhookUrl: `${appUrl}/api/webhooks/app`,
    deliveryUrl: `${appUrl}/api/webhooks/delivery/tenants-secret`,
    customPageUrl: `${appUrl}/embed`,
  }
  emulator = await startHighLevelEmulator({ app, timings: { installWebhookMs: 10 }, log: () => {} })
  crm = connectCrm(emulator.url)
  const environment = {
    ...process.env,
    DATABASE_URL: database.url,
    APP_URL: appUrl,
    APP_SECRET: randomBytes(16).toString('hex'),
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    HIGHLEVEL_CLIENT_ID: app.clientId,
    HIGHLEVEL_CLIENT_SECRET: app.clientSecret,
    HIGHLEVEL_SSO_SECRET: app.ssoSecret,
    HIGHLEVEL_PROVIDER_ID: app.providerId,
    HIGHLEVEL_DELIVERY_SECRET: 'tenants-secret',
    HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: emulator.webhookPublicKey,
    HIGHLEVEL_API_URL: emulator.apiUrl,
    HIGHLEVEL_AUTHORIZE_URL: emulator.authorizeUrl,
    LOG_LEVEL: 'warn',
  }
  web = spawnNode(webProcess(environment, port))
  await answers(`${appUrl}/api/health`, 30_000)
  await settle()
}, 240_000)

afterAll(async () => {
  if (web) await stopChild(web)
  await emulator?.close()
  await client?.close()
  await database?.drop()
}, 30_000)

async function settle(): Promise<void> {
  const first = await crm.state()
  const [ours, sister] = first.locations.map((location) => location.id) as [string, string]
  const other = await crm.createAgency('Rival Agency')
  const theirs = (await crm.createSubAccount('Rival Office', { companyId: other.id })).id
  await crm.createUser({ companyId: other.id, name: 'Rita Rival', type: 'agency', role: 'admin', owner: true })
  await crm.installAgency({ companyId: first.companies[0]!.id })
  await crm.installAgency({ companyId: other.id })
  await crm.webhooksIdle()
  const { users } = await crm.state()
  const user = (name: string) => users.find((one) => `${one.firstName} ${one.lastName}` === name)!.id

  const enter = async (name: string, location?: string) => {
    const payload = await crm.ssoPayload({ user: user(name), ...(location ? { location } : {}) })
    const answer = await fetch(`${appUrl}/api/sso`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ payload }),
    })
    expect(answer.status).toBe(200)
    return { authorization: `Bearer ${((await answer.json()) as { token: string }).token}` }
  }
  const boss = { ours: await enter('Alex Kim'), theirs: await enter('Rita Rival') }
  places.ours = await furnish(ours, boss.ours)
  places.sister = await furnish(sister, boss.ours)
  places.theirs = await furnish(theirs, boss.theirs)

  const { ours: here, sister: besides, theirs: there } = places
  const over = Buffer.from(boss.ours.authorization.slice(7).split('.')[0]!, 'base64url').toString()
  const extended = Buffer.from(over.replace(here.locationId, there.locationId)).toString('base64url')
  callers.push(
    { name: 'an agency’s admin', headers: boss.ours, expected: 404, foreign: [there] },
    { name: 'another agency’s admin', headers: boss.theirs, expected: 404, foreign: [here, besides] },
    {
      name: 'an agency’s user limited to one sub-account',
      headers: await enter('Robin Vale'),
      expected: 404,
      foreign: [besides, there],
    },
    {
      name: 'an agency’s admin inside one sub-account',
      headers: await enter('Alex Kim', here.locationId),
      expected: 404,
      foreign: [besides, there],
    },
    {
      name: 'a sub-account’s admin',
      headers: await enter('Kim Roe', here.locationId),
      expected: 404,
      foreign: [besides, there],
    },
    {
      name: 'a sub-account’s user',
      headers: await enter('Sam Lee', here.locationId),
      expected: 404,
      foreign: [besides, there],
    },
    { name: 'nobody', headers: {}, expected: 401, foreign: [here, besides, there] },
    {
      name: 'somebody with an invented token',
      headers: { authorization: `Bearer ${extended}.${'x'.repeat(43)}` },
      expected: 401,
      foreign: [here, there],
    },
    {
      name: 'somebody with an invented cookie',
      headers: { cookie: '__Host-trunkline.session=eyJhbGciOiJkaXIifQ..a.b.c' },
      expected: 401,
      foreign: [here, there],
    },
  )
}

/** A session and a message, as their owner makes them. */
async function furnish(locationId: string, headers: Record<string, string>): Promise<Place> {
  const created = await ask('post', `/locations/${locationId}/sessions`, headers, { label: 'Front desk' })
  expect(created.status).toBe(201)
  const contact = await crm.createContact(locationId, { name: 'Pat Doe', phone: '+12025550123' })
  await crm.write(contact, 'A message of this tenant')
  await crm.webhooksIdle()
  const listed = JSON.parse((await ask('get', `/locations/${locationId}/messages`, headers)).body) as {
    items: { id: string }[]
  }
  return {
    locationId,
    sessionId: (JSON.parse(created.body) as { id: string }).id,
    messageId: listed.items[0]!.id,
  }
}

async function ask(method: string, path: string, headers: Record<string, string>, body?: object) {
  const answer = await fetch(`${appUrl}/api/v1${path}`, {
    method: method.toUpperCase(),
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(15_000),
  })
  // A stream that opens never ends; that it opened is all there is to know.
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream')
  if (isStream) await answer.body?.cancel()
  return { status: answer.status, body: isStream ? 'a stream' : await answer.text() }
}

const fill = (path: string, place: Place) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = place[name as keyof Place]
    if (!value) throw new Error(`the matrix knows no ${name}; give each tenant one`)
    return value
  })

const manifest = () =>
  Object.values(
    JSON.parse(readFileSync(join(root, '.next/app-path-routes-manifest.json'), 'utf8')) as Record<string, string>,
  )
const inBrackets = (path: string) => path.replace(/\{(\w+)\}/g, '[$1]')

test('every route of the build is an operation of the API or a door we know, and the other way round', () => {
  const known = new Set([...all.map(([, operation]) => `/api/v1${inBrackets(operation.path)}`), ...Object.keys(doors)])
  const built = manifest().filter((path) => !path.startsWith('/_'))
  expect(built.length).toBeGreaterThan(20)
  expect(built.filter((path) => !known.has(path))).toEqual([])
  expect([...known].filter((path) => !built.includes(path))).toEqual([])
})

test('no route but the embedded pages may be shown in a frame', { timeout: 60_000 }, async () => {
  const values: Record<string, string> = { ...places.ours, '...nextauth': 'session', secret: 'wrong-secret' }
  const crmOrigin = new URL(emulator.authorizeUrl).origin
  for (const route of manifest().filter((path) => !path.startsWith('/_'))) {
    const path = route.replace(/\[([^\]]+)\]/g, (_, name: string) => values[name]!)
    const answer = await fetch(appUrl + path, { redirect: 'manual', signal: AbortSignal.timeout(15_000) })
    await answer.body?.cancel()
    const allowed = /frame-ancestors ([^;]+)/.exec(answer.headers.get('content-security-policy') ?? '')?.[1]
    expect([route, allowed]).toEqual([route, route.startsWith('/embed') ? `https: ${crmOrigin}` : "'none'"])
  }
})

describe('what belongs to somebody else', () => {
  test.each(onSomething)('%s finds nothing there, whoever asks', { timeout: 60_000 }, async (name, operation) => {
    for (const caller of callers) {
      const send = (place: Place) => ask(operation.method, fill(operation.path, place), caller.headers, bodies[name])
      const invented = await send(nobody())
      expect([caller.name, invented.status]).toEqual([caller.name, caller.expected])
      for (const place of caller.foreign) {
        // The same words as for what does not exist: nobody learns that it does.
        expect([caller.name, await send(place)]).toEqual([caller.name, invented])
      }
    }
  })

  test.each(onSomething.filter(([, { method }]) => method === 'get'))(
    '%s does find the caller’s own (or the matrix would prove nothing)',
    async (name, operation) => {
      const own = await ask('get', fill(operation.path, places.ours), callers[0]!.headers)
      expect([name, own.status === 200 || own.status === 409]).toEqual([name, true])
    },
  )

  test('lists show the caller’s own', async () => {
    const seen = async (caller: Caller) => {
      const answer = await ask('get', '/locations', caller.headers)
      return answer.status === 200
        ? (JSON.parse(answer.body) as { items: { id: string }[] }).items.map((item) => item.id).sort()
        : answer.status
    }
    const { ours, sister, theirs } = places
    const everything = [ours.locationId, sister.locationId].sort()
    const shown = Object.fromEntries(
      await Promise.all(callers.map(async (caller) => [caller.name, await seen(caller)])),
    )
    expect(shown).toEqual({
      'an agency’s admin': everything,
      'another agency’s admin': [theirs.locationId],
      'an agency’s user limited to one sub-account': [ours.locationId],
      'an agency’s admin inside one sub-account': [ours.locationId],
      'a sub-account’s admin': [ours.locationId],
      'a sub-account’s user': [ours.locationId],
      nobody: 401,
      'somebody with an invented token': 401,
      'somebody with an invented cookie': 401,
    })
  })

  test('is as it was', async () => {
    const rows = await client.db.execute<{ label: string; wanted: string; count: number }>(
      sql`select label, wanted, count(*)::int as count from sessions group by label, wanted`,
    )
    expect([...rows]).toEqual([{ label: 'Front desk', wanted: 'connected', count: 3 }])
    const sent = await client.db.execute(sql`select 1 from messages where origin = 'api'`)
    expect(sent.length).toBe(0)
  })
})

test('a sub-account’s user cannot do there what only an admin may', async () => {
  const user = callers.find((caller) => caller.name === 'a sub-account’s user')!
  for (const name of ['createSession', 'removeSession', 'patchSession', 'stopSession', 'logoutSession'] as const) {
    const { method, path } = operations[name]
    const answer = await ask(method, fill(path, places.ours), user.headers, bodies[name])
    expect([name, answer.status]).toEqual([name, 403])
  }
})

test('fields nobody asked for are refused, not taken', async () => {
  const [admin] = callers
  const extra = { locationId: places.theirs.locationId, role: 'agency_admin', epoch: 99, wanted: 'removed' }
  for (const [name, body] of Object.entries(bodies)) {
    const { method, path } = operations[name as keyof typeof operations]
    for (const [field, value] of Object.entries(extra)) {
      const answer = await ask(method, fill(path, places.ours), admin!.headers, { ...body, [field]: value })
      expect([name, field, answer.status]).toEqual([name, field, 400])
    }
  }
})
