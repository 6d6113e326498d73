// Every route the build made, by every method, for everybody who has no business there. The one matrix of who reaches what:
// routes come from the build itself, so a new one fails here until it says whose it is.
import { plant } from '@/e2e/canaries'
import { signEmbedToken } from '@/lib/http/embed-token'
import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { deriveKey } from '@/lib/seal'
import { expect, fresh, test } from '../../fixtures'
import { builtRoutes, fromSomewhere, send, signIn, type Answer } from './wire'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
type Method = (typeof methods)[number]

/** Who of the sub-account's own people may use a method: all of them, or those who manage it. */
type Asked = { body?: unknown; for?: 'everybody' | 'managers' }

/** Of one sub-account: to outsiders as if it did not exist. */
type Tenant = { of: 'tenant' } & Partial<Record<Method, Asked>>
/** Answers each caller about themselves. */
type Own = { of: 'caller' } & Partial<Record<Method, Asked>>
/** Knows nobody: no tenant's data may be in it, and what it does asks for its own proof. */
type Open = { of: 'nobody' } & Partial<Record<Method, number[]>>

const read: Asked = { for: 'everybody' }
const session = { label: 'Intruder' }
const routes: Record<string, Tenant | Own | Open> = {
  '/api/v1/locations/[locationId]': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/events': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/messages': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/overview': { of: 'tenant', GET: read },
  '/api/v1/locations/[locationId]/sessions': { of: 'tenant', GET: read, POST: { body: session, for: 'managers' } },
  '/api/v1/locations/[locationId]/users': { of: 'tenant', GET: read },
  '/api/v1/messages/[messageId]': { of: 'tenant', GET: read },
  '/api/v1/sessions/[sessionId]': {
    ...{ of: 'tenant', GET: read },
    ...{ PATCH: { body: session, for: 'managers' }, DELETE: { for: 'managers' } },
  },
  '/api/v1/sessions/[sessionId]/link': { of: 'tenant', POST: read },
  '/api/v1/sessions/[sessionId]/logout': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/messages': {
    ...{ of: 'tenant', POST: { body: { to: '+34600100100', text: 'intruding' }, for: 'everybody' } },
  },
  '/api/v1/sessions/[sessionId]/pairing-code': {
    ...{ of: 'tenant', POST: { body: { phone: '+34600100100' }, for: 'everybody' } },
  },
  '/api/v1/sessions/[sessionId]/qr': { of: 'tenant', GET: read },
  '/api/v1/sessions/[sessionId]/start': { of: 'tenant', POST: { for: 'managers' } },
  '/api/v1/sessions/[sessionId]/stop': { of: 'tenant', POST: { for: 'managers' } },

  '/api/v1/me': { of: 'caller', GET: read },
  '/api/v1/locations': { of: 'caller', GET: read },
  '/api/sso/tab-code': { of: 'caller', POST: read },

  '/api/v1/openapi.json': { of: 'nobody', GET: [200] },
  '/api/[...path]': { of: 'nobody', GET: [404], POST: [404], PUT: [404], PATCH: [404], DELETE: [404] },
  '/api/auth/[...nextauth]': { of: 'nobody', GET: [200, 302, 400, 404, 405], POST: [200, 302, 400, 401, 404, 405] },
  '/api/health': { of: 'nobody', GET: [200] },
  '/api/ready': { of: 'nobody', GET: [200] },
  '/api/sso': { of: 'nobody', POST: [400] },
  '/api/webhooks/app': { of: 'nobody', POST: [401] },
  '/api/webhooks/delivery/[secret]': { of: 'nobody', POST: [404] },
  '/metrics': { of: 'nobody', GET: [404] },
  '/oauth/callback': { of: 'nobody', GET: [400] },
  '/oauth/install': { of: 'nobody', GET: [302] },
  '/oauth/tab': { of: 'nobody', GET: [200] },
  '/': { of: 'nobody', GET: [200, 307] },
  '/_global-error': { of: 'nobody', GET: [404, 500] },
  '/_not-found': { of: 'nobody', GET: [404] },
  '/favicon.ico': { of: 'nobody', GET: [200] },
  '/icon.svg': { of: 'nobody', GET: [200] },
  '/embed': { of: 'nobody', GET: [200] },
  '/embed/[locationId]': { of: 'nobody', GET: [200] },
  '/embed/[locationId]/messages': { of: 'nobody', GET: [200] },
}

test('every route of the build is in the matrix, the matrix holds no other, and the API describes what is its own', async ({
  places,
}) => {
  const built = [...new Set(builtRoutes())].sort()
  expect(built.length).toBeGreaterThan(20)
  expect(Object.keys(routes).sort()).toEqual(built)
  const { paths } = (await send(`${places.app}/api/v1/openapi.json`, { method: 'GET' })).json as {
    paths: Record<string, Record<string, unknown>>
  }
  const described = Object.entries(paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => `${method.toUpperCase()} /api/v1${path.replace(/\{(\w+)\}/g, '[$1]')}`),
  )
  const judged = Object.entries(routes)
    .filter(([route]) => route.startsWith('/api/v1/'))
    .flatMap(([route, access]) => methods.filter((method) => access[method]).map((method) => `${method} ${route}`))
  expect(judged.sort()).toEqual(described.sort())
})

test('what is nowhere is said as the API says everything', async ({ places }) => {
  for (const method of methods)
    for (const path of ['/api/v1/nothing', '/api/v1/sessions', '/api/v1/me/more', '/api/nothing/here']) {
      const answer = await send(`${places.app}${path}`, { method, headers: fromSomewhere() })
      expect([method, path, answer.status]).toEqual([method, path, 404])
      expect(answer.json).toEqual({ error: { code: 'not_found', message: expect.any(String) } })
    }
})

test('nobody from outside gets at a sub-account by any route and method', async ({
  crm,
  places,
  agency,
  installed,
  newPhone,
  openApp,
}) => {
  test.setTimeout(180_000)
  // The tenant under attack, with a session, a contact and a message that hold what must not be told.
  const app = await openApp(installed)
  await app.link('Vault', await newPhone())
  const ana = await newPhone()
  const contact = await crm.createContact(installed.id, { name: plant('name'), phone: `+${ana.number}` })
  const written = await crm.write(contact, plant('body'))
  const own = bearer(await signIn(places.app, crm, installed.admin, installed.id))
  const sessions = await send(`${places.app}/api/v1/locations/${installed.id}/sessions`, {
    method: 'GET',
    headers: own,
  })
  const sessionId = itemsOf(sessions)[0]!.id
  const listed = () => send(`${places.app}/api/v1/locations/${installed.id}/messages`, { method: 'GET', headers: own })
  await expect.poll(async () => itemsOf(await listed()).map((one) => one.crmMessageId)).toContain(written.id)
  const messageId = itemsOf(await listed())[0]!.id
  const secrets = [
    installed.id,
    installed.name,
    sessionId,
    messageId,
    contact.id,
    plant('body'),
    plant('name'),
    ana.number,
  ]

  const path = (route: string, ids = { locationId: installed.id, sessionId, messageId }) =>
    route
      .replace('[locationId]', ids.locationId)
      .replace('[sessionId]', ids.sessionId)
      .replace('[messageId]', ids.messageId)
      .replace('[secret]', 'guessed')
      .replace('[...nextauth]', 'session')
      .replace('[...path]', 'nothing/here')
  const nothing = { locationId: `nothing${fresh()}`, sessionId: crypto.randomUUID(), messageId: crypto.randomUUID() }

  const neighbour = await agency.addSubAccount('Neighbour')
  await crm.install(neighbour.id, { as: neighbour.admin.id })
  const elsewhere = await crm.createAgency(`Elsewhere ${fresh()}`)
  const stranger = await crm.createUser({
    companyId: elsewhere.id,
    name: 'Stranger',
    type: 'agency',
    role: 'admin',
    owner: true,
  })
  const far = await crm.createSubAccount(`Far ${fresh()}`, { companyId: elsewhere.id })
  await crm.installAgency({ companyId: elsewhere.id, as: stranger.id })
  const limited = await agency.addUser(neighbour, 'user', 'agency')
  await crm.installAgency({ companyId: agency.company.id, as: agency.owner.id })
  const uma = await agency.addUser(neighbour, 'user')
  const enter = async (...who: [user: typeof stranger, location?: string]) =>
    bearer(await signIn(places.app, crm, ...who))
  const outsiders: [string, Record<string, string>][] = [
    ['an admin of another sub-account', await enter(neighbour.admin, neighbour.id)],
    ['a user of another sub-account', await enter(uma, neighbour.id)],
    ['the own agency inside another sub-account', await enter(agency.owner, neighbour.id)],
    ['an agency user of another sub-account', await enter(limited)],
    ['another agency', await enter(stranger)],
  ]
  for (const [who, headers] of outsiders) {
    const answer = await send(`${places.app}/api/v1/locations`, { method: 'GET', headers })
    const theirs = who === 'another agency' ? far.id : neighbour.id
    expect([who, itemsOf(answer).map(({ id }) => id)]).toEqual([who, [theirs]])
  }
  const expired = signEmbedToken(
    deriveKey(plant('key'), 'embed token'),
    {
      ...{ kind: 'user', userId: installed.admin.id as UserId, name: 'Ada', email: 'ada@example.com' },
      ...{ companyId: agency.company.id as CompanyId, role: 'location_admin', locationIds: null },
      locationId: installed.id as LocationId,
    },
    new Date(Date.now() - 15 * 60_000 - 1),
  )
  const unknown: [string, Record<string, string>][] = [
    ['nobody', {}],
    ['an expired token', bearer(expired.token)],
    ['a token changed', bearer(`${own.authorization!.slice(7, -2)}xx`)],
    [
      'a token for another sub-account made into one for this',
      bearer(forged(outsiders[0]![1], neighbour.id, installed.id)),
    ],
    ['an invented cookie', { cookie: '__Host-trunkline.session=eyJhbGciOiJkaXIifQ..a.b.c' }],
    [
      'the rights of an internal request',
      { 'x-middleware-subrequest': 'proxy:proxy:proxy', 'x-trunkline-peer': 'local' },
    ],
  ]

  const ask = (method: Method, at: string, headers: Record<string, string>, body?: unknown) =>
    send(`${places.app}${at}`, {
      method,
      headers: { ...fromSomewhere(), ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const problems: string[] = []
  const judge = (who: string, what: string, answer: Answer, allowed: number[], mayTell: string[] = []) => {
    if (!allowed.includes(answer.status)) problems.push(`${who}: ${what} answered ${answer.status}`)
    const told = secrets.filter((secret) => answer.text.includes(secret) && !mayTell.includes(secret))
    if (told.length > 0) problems.push(`${who}: ${what} told ${told.length} of the tenant's secrets`)
  }

  // Its own people get an answer from each, or the refusals below would prove nothing.
  for (const [route, access] of Object.entries(routes))
    if (access.of === 'tenant' && access.GET)
      judge('the own admin', route, await ask('GET', path(route), own), [200, 409], secrets)
  expect(problems).toEqual([])

  let asked = 0
  for (const [route, access] of Object.entries(routes)) {
    const at = path(route)
    for (const method of methods) {
      const what = `${method} ${route}`
      const known = access[method]
      const body = access.of === 'nobody' ? undefined : access[method]?.body
      // A page's address is what the caller typed; what they typed is no secret to them.
      const typed = at.includes(installed.id) ? [installed.id] : []
      for (const [who, headers] of [...outsiders, ...unknown]) {
        const isKnown = outsiders.some(([name]) => name === who)
        const answer = await ask(method, at, headers, body)
        asked += 1
        if (!known) judge(who, what, answer, [400, 401, 403, 404, 405, ...(isPage(route) ? [200, 500] : [])], typed)
        else if (access.of === 'nobody') judge(who, what, answer, access[method]!, typed)
        else if (!isKnown) judge(who, what, answer, [401])
        else if (access.of === 'caller') judge(who, what, answer, [200, 201])
        else {
          judge(who, what, answer, [404])
          const absent = await ask(method, path(route, nothing), headers, body)
          if (absent.text !== answer.text) problems.push(`${who}: ${what} answers otherwise than for what is not there`)
        }
      }
    }
  }
  expect(problems).toEqual([])
  expect(asked).toBeGreaterThan(500)
  // Everything is still as it was: nothing was deleted, renamed, stopped or sent.
  const after = await send(`${places.app}/api/v1/sessions/${sessionId}`, { method: 'GET', headers: own })
  expect(after.json).toMatchObject({ label: 'Vault', status: 'connected' })
  expect(itemsOf(await listed())).toHaveLength(1)
  await crm.uninstall({ companyId: elsewhere.id })
})

test('a location user may do what their role says and no more', async ({ crm, places, agency, installed, openApp }) => {
  const app = await openApp(installed)
  await app.addSession('Desk')
  const uma = await agency.addUser(installed, 'user')
  const admin = bearer(await signIn(places.app, crm, installed.admin, installed.id))
  const user = bearer(await signIn(places.app, crm, uma, installed.id))
  const listing = await send(`${places.app}/api/v1/locations/${installed.id}/sessions`, {
    method: 'GET',
    headers: admin,
  })
  const sessionId = itemsOf(listing)[0]!.id
  for (const [route, access] of Object.entries(routes)) {
    if (access.of !== 'tenant' || route.includes('[messageId]')) continue
    const at = route.replace('[locationId]', installed.id).replace('[sessionId]', sessionId)
    for (const method of methods) {
      const asked = access[method]
      if (asked?.for !== 'managers') continue
      const headers = { ...user, 'content-type': 'application/json' }
      const body = asked.body ? { body: JSON.stringify(asked.body) } : {}
      const answer = await send(`${places.app}${at}`, { method, headers, ...body })
      expect([method, route, answer.status]).toEqual([method, route, 403])
      expect((answer.json as { error: { code: string } }).error.code).toBe('forbidden')
    }
  }
  const unchanged = await send(`${places.app}/api/v1/sessions/${sessionId}`, { method: 'GET', headers: user })
  expect(unchanged.json).toMatchObject({ label: 'Desk' })
  expect(Object.keys(unchanged.json as object).sort()).toEqual(sessionKeys)
})

test('fields that no request has are refused by name, on every operation', async ({
  crm,
  places,
  installed,
  openApp,
}) => {
  await (await openApp(installed)).addSession('Desk')
  const headers = {
    ...bearer(await signIn(places.app, crm, installed.admin, installed.id)),
    'content-type': 'application/json',
  }
  const api = `${places.app}/api/v1`
  const before = await send(`${api}/locations/${installed.id}/sessions`, { method: 'GET', headers })
  const sessionId = itemsOf(before)[0]!.id
  const document = (await send(`${api}/openapi.json`, { method: 'GET' })).json as {
    paths: Record<string, Record<string, unknown>>
  }
  const operations = Object.entries(document.paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => [path, method] as const),
  )
  expect(operations.length).toBeGreaterThan(15)
  const given: Record<string, object> = {
    'post /locations/{locationId}/sessions': { label: 'More' },
    'patch /sessions/{sessionId}': { label: 'Other' },
    'post /sessions/{sessionId}/pairing-code': { phone: '+34600100100' },
    'post /sessions/{sessionId}/messages': { to: '+34600100100', text: 'x' },
  }
  for (const [path, method] of operations) {
    if (path === '/openapi.json') continue
    const at = path
      .replace('{locationId}', installed.id)
      .replace('{sessionId}', sessionId)
      .replace('{messageId}', crypto.randomUUID())
    for (const field of ['tenantId', 'role', 'epoch', 'locationId', 'status', 'constructor']) {
      const isRead = method === 'get'
      const body = JSON.stringify({ ...given[`${method} ${path}`], extra: 1 }).replace('"extra"', JSON.stringify(field))
      const url = isRead ? `${api}${at}?${field}=x` : `${api}${at}`
      const answer = await send(url, { method: method.toUpperCase(), headers, ...(isRead ? {} : { body }) })
      expect([method, path, field, answer.status]).toEqual([method, path, field, 400])
    }
  }
  const after = await send(`${api}/sessions/${sessionId}`, { method: 'GET', headers })
  expect(after.json).toMatchObject({ label: 'Desk', locationId: installed.id, priority: 1 })
})

test('only the pages of the frame may be framed, and only they', async ({ places }) => {
  const crm = new URL(places.crm).origin
  for (const route of [...builtRoutes(), '/nothing/here', '/api/nothing/here', '/oauth/nothing']) {
    const at = route.replace(/\[\.\.\.\w+\]/, 'session').replace(/\[\w+\]/, 'anything')
    const { headers, status } = await send(`${places.app}${at}`, { method: 'GET', headers: fromSomewhere() })
    const policy = String(headers['content-security-policy'] ?? '')
    const ancestors = /frame-ancestors ([^;]*)/.exec(policy)?.[1]?.trim()
    const expected = route.startsWith('/embed') ? `https: ${crm}` : `'none'`
    expect([route, status, ancestors]).toEqual([route, status, expected])
    if (status !== 302) expect([route, headers['x-content-type-options']]).toEqual([route, 'nosniff'])
    expect([route, headers['x-powered-by']]).toEqual([route, undefined])
  }
})

test('figures for operators are told by token only', async ({ places }) => {
  const metrics = (headers: Record<string, string>) =>
    send(`${places.app}/metrics`, { method: 'GET', headers: { ...fromSomewhere(), ...headers } })
  expect((await metrics({})).status).toBe(404)
  expect((await metrics(bearer('guessed'))).status).toBe(404)
  const told = await metrics(bearer(plant('token')))
  expect(told.status).toBe(200)
  expect(told.text).toContain('trunkline_up 1')
})

const sessionKeys = [
  ...[
    'action',
    'assignedUserId',
    'attempt',
    'channel',
    'connectedAt',
    'createdAt',
    'detail',
    'id',
    'label',
    'lastActiveAt',
  ],
  ...[
    'locationId',
    'nextRetryAt',
    'phone',
    'platform',
    'priority',
    'pushName',
    'reason',
    'since',
    'status',
    'syncContacts',
  ],
  'syncLabels',
]

/** The same claims with one id for another, under the signature they had. */
function forged({ authorization }: Record<string, string>, from: string, to: string): string {
  const [claims, mac] = authorization!.slice('Bearer '.length).split('.') as [string, string]
  const changed = Buffer.from(claims, 'base64url').toString().replaceAll(from, to)
  return `${Buffer.from(changed).toString('base64url')}.${mac}`
}

const isPage = (route: string) => !route.startsWith('/api') && !route.startsWith('/oauth') && route !== '/metrics'
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const itemsOf = (answer: Answer) => (answer.json as { items: { id: string; crmMessageId?: string }[] }).items
