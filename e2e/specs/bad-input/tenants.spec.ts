// Every route the build made, by every method, for everybody who has no business there. The one matrix of who reaches what:
// routes come from the build itself, so a new one fails here until it says whose it is.
import { plant } from '@/e2e/canaries'
import { signEmbedToken } from '@/lib/http/embed-token'
import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { deriveKey } from '@/lib/seal'
import { expect, fresh, test } from '../../fixtures'
import { fill, isPage, methods, routes, type Method } from './matrix'
import { bearer, builtRoutes, fromSomewhere, itemsOf, send, signIn, type Answer } from './wire'

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

test('nobody from outside gets at a sub-account by any route and method', async ({
  crm,
  places,
  agency,
  installed,
  newPhone,
  openApp,
}) => {
  test.setTimeout(300_000)
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

  const ids = { locationId: installed.id, sessionId, messageId, contactId: contact.id }
  const path = (route: string, which = ids, query?: string) =>
    fill(`${route}${query ? `?${query}` : ''}`, { ...which, secret: 'guessed' })
      .replace('[...nextauth]', 'session')
      .replace('[...path]', 'nothing/here')
  const nothing = {
    ...{ locationId: `nothing${fresh()}`, sessionId: crypto.randomUUID(), messageId: crypto.randomUUID() },
    contactId: `nothing${fresh()}`,
  }

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
      judge('the own admin', route, await ask('GET', path(route, ids, access.GET.query), own), [200, 409], secrets)
  expect(problems).toEqual([])

  let asked = 0
  for (const [route, access] of Object.entries(routes)) {
    for (const method of methods) {
      const what = `${method} ${route}`
      const known = access[method]
      const asking = access.of === 'nobody' ? undefined : access[method]
      const at = path(route, ids, asking?.query)
      const bodyFor = (whose: typeof ids): unknown =>
        asking?.body && JSON.parse(fill(JSON.stringify(asking.body), whose))
      const body = bodyFor(ids)
      // A page's address is what the caller typed; what they typed is no secret to them.
      const typed = at.includes(installed.id) ? [installed.id] : []
      const intrude = async ([who, headers]: (typeof outsiders)[number]): Promise<void> => {
        const isKnown = outsiders.some(([name]) => name === who)
        const answer = await ask(method, at, headers, body)
        asked += 1
        if (!known) judge(who, what, answer, [400, 401, 403, 404, 405, ...(isPage(route) ? [200, 500] : [])], typed)
        else if (access.of === 'nobody') judge(who, what, answer, access[method]!, typed)
        else if (!isKnown) judge(who, what, answer, [401])
        else if (access.of === 'caller') judge(who, what, answer, [200, 201])
        else {
          judge(who, what, answer, [404])
          const absent = await ask(method, path(route, nothing, asking?.query), headers, bodyFor(nothing))
          if (absent.text !== answer.text) problems.push(`${who}: ${what} answers otherwise than for what is not there`)
        }
      }
      await Promise.all([...outsiders, ...unknown].map(intrude))
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

/** The same claims with one id for another, under the signature they had. */
function forged({ authorization }: Record<string, string>, from: string, to: string): string {
  const [claims, mac] = authorization!.slice('Bearer '.length).split('.') as [string, string]
  const changed = Buffer.from(claims, 'base64url').toString().replaceAll(from, to)
  return `${Buffer.from(changed).toString('base64url')}.${mac}`
}
