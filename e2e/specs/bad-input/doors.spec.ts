// What every answer carries, and the doors that are nobody's.
import { plant } from '@/e2e/canaries'
import { expect, test } from '../../fixtures'
import { methods } from './matrix'
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

test('figures for operators are told by token only', async ({ places }) => {
  const metrics = (headers: Record<string, string>) =>
    send(`${places.app}/metrics`, { method: 'GET', headers: { ...fromSomewhere(), ...headers } })
  expect((await metrics({})).status).toBe(404)
  expect((await metrics(bearer('guessed'))).status).toBe(404)
  const told = await metrics(bearer(plant('token')))
  expect(told.status).toBe(200)
  expect(told.text).toContain('trunkline_up 1')
})
