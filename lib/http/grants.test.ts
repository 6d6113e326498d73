import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEntries, subAccounts } from '@/db/schema/sub-accounts'
import type { LocationId } from '@/lib/ids'
import { startRig, type Rig } from './fixtures/rig'
import { handleGrant } from './operator'
import { entitlement } from './schemas/entitlement'

let rig: Rig
let locationId: LocationId
beforeAll(async () => {
  rig = await startRig()
  locationId = rig.locationIds[0]!
  await rig.crm.install(locationId)
})
afterAll(() => rig.close())

let addresses = 0
function ask(
  method: 'PUT' | 'DELETE',
  body: unknown,
  { token = 'operator-token-of-the-rig' as string | null, id = locationId as string, web = rig.web, from = '' } = {},
) {
  const headers = {
    'x-trunkline-peer': from || `203.0.113.${++addresses}`,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const request = new Request('http://app/api/operator', {
    ...{ method, headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return handleGrant(web, request, { locationId: id })
}

test('an operator grants and ends a grant, both on record', async () => {
  const until = new Date(Date.now() + 86_400_000).toISOString()
  const granted = await ask('PUT', { until, maxSessions: 7 })
  expect(granted.status).toBe(200)
  expect(entitlement.parse(await granted.json())).toMatchObject({ state: 'granted', endsAt: until, maxSessions: 7 })
  expect(await (await ask('PUT', { until: null })).json()).toMatchObject({ endsAt: null, maxSessions: 7 })
  expect(await (await ask('DELETE', undefined)).json()).toMatchObject({ state: 'unstarted' })
  expect((await ask('DELETE', undefined)).status).toBe(200)
  const entries = await rig.web.ctx.db
    .select()
    .from(auditEntries)
    .where(eq(auditEntries.locationId, locationId))
    .orderBy(auditEntries.id)
  expect(entries.map(({ action, userId }) => [action, userId]).filter(([action]) => action!.startsWith('ent'))).toEqual(
    [
      ['entitlement.granted', null],
      ['entitlement.granted', null],
      ['entitlement.revoked', null],
    ],
  )
})

test.each([
  ['eleven sessions', { until: null, maxSessions: 11 }],
  ['no session', { until: null, maxSessions: 0 }],
  ['no end given', {}],
  ['the past', { until: '2020-01-01T00:00:00Z' }],
  ['not a time', { until: 'tomorrow' }],
  ['a field that is none', { until: null, free: true }],
])('%s: refused, with the field', async (_, body) => {
  const answer = await ask('PUT', body)
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as { error: { fields: object } }).error.fields).toBeTruthy()
  const [row] = await rig.web.ctx.db.select().from(subAccounts).where(eq(subAccounts.id, locationId))
  expect(row!.maxSessions).toBe(7)
})

test('for strangers, without a token in the environment, and for sub-accounts nobody knows, there is nothing', async () => {
  const nothing = { error: { code: 'not_found', message: 'There is nothing at this address.' } }
  const tokenless = { ...rig.web, settings: { ...rig.web.settings, operatorToken: null } }
  for (const options of [{ token: null }, { token: 'wrong' }, { token: 'null', web: tokenless }, { web: tokenless }]) {
    const answer = await ask('PUT', { until: null }, options)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual(nothing)
  }
  expect((await ask('PUT', { until: null }, { id: 'nobody' })).status).toBe(404)
})

test('who guesses tokens is not answered any more, not even when right', async () => {
  const from = '203.0.113.250'
  for (let guess = 0; guess < 10; guess++) await ask('PUT', { until: null }, { token: `guess ${guess}`, from })
  expect((await ask('PUT', { until: null }, { from })).status).toBe(404)
  expect((await ask('PUT', { until: null })).status).toBe(200)
})
