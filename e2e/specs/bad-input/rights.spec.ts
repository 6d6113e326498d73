// What a role does not include, and fields that no request has.
import { expect, test } from '../../fixtures'
import { fill, methods, routes } from './matrix'
import { bearer, itemsOf, send, signIn } from './wire'

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
    const ids = { locationId: installed.id, sessionId, contactId: 'someContact' }
    for (const method of methods) {
      const asked = access[method]
      if (asked?.for !== 'managers') continue
      const headers = { ...user, 'content-type': 'application/json' }
      const body = asked.body ? { body: fill(JSON.stringify(asked.body), ids) } : {}
      const at = fill(`${route}${asked.query ? `?${asked.query}` : ''}`, ids)
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
      .replace('{contactId}', 'someContact')
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

const sessionKeys = [
  'accountTag action assignedUserId attempt channel connectedAt createdAt detail duplicateOf firstLinkedAt',
  'givesKnownContacts givesNewContacts health id label lastActiveAt locationId nextRetryAt phone platform priority',
  'pushName pushTags reason routesForUser since status syncContacts syncLabels',
].flatMap((names) => names.split(' '))
