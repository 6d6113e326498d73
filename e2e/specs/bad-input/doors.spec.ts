// What every answer carries, and the doors that are nobody's.
import { plant } from '@/e2e/canaries'
import { expect, test } from '../../fixtures'
import { methods, routes } from './matrix'
import { bearer, builtRoutes, fromSomewhere, send } from './wire'

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

test('what is nowhere is said as the API says everything', async ({ places }) => {
  for (const method of methods)
    for (const path of ['/api/v1/nothing', '/api/v1/sessions', '/api/v1/me/more', '/api/nothing/here']) {
      const answer = await send(`${places.app}${path}`, { method, headers: fromSomewhere() })
      expect([method, path, answer.status]).toEqual([method, path, 404])
      expect(answer.json).toEqual({ error: { code: 'not_found', message: expect.any(String) } })
    }
})

test('what a route cannot do, or cannot read, is said as the API says everything', async ({ places }) => {
  const error = { error: { code: expect.any(String), message: expect.any(String) } }
  for (const route of builtRoutes().filter((one) => one.startsWith('/api/v1') && !one.includes('...')))
    for (const method of [...methods, 'PROPFIND'].filter((one) => !(one in (routes[route] ?? {})))) {
      const what = `${method} ${route}`
      const answer = await send(`${places.app}${route.replace(/\[\w+\]/g, 'anything')}`, {
        method,
        headers: fromSomewhere(),
      })
      expect([what, answer.status, answer.headers['content-type']]).toEqual([
        what,
        method === 'PROPFIND' ? 400 : 405,
        'application/json',
      ])
      expect([what, answer.json]).toEqual([what, error])
      if (answer.status === 405)
        expect([what, answer.headers.allow?.split(', ').includes(method)]).toEqual([what, false])
    }
  const asked = await send(`${places.app}/api/v1/me`, { method: 'PUT', headers: fromSomewhere() })
  expect([asked.json, asked.headers.allow]).toMatchObject([
    { error: { code: 'method_not_allowed' } },
    'GET, HEAD, OPTIONS',
  ])
  const unreadable = await send(`${places.app}/api/v1/sessions/%E0%A4%A`, { method: 'GET', headers: fromSomewhere() })
  expect([unreadable.status, unreadable.json]).toEqual([unreadable.status, error])
  expect(unreadable.status).toBeGreaterThanOrEqual(400)
  expect(unreadable.status).toBeLessThan(500)
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
