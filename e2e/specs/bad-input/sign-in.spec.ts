// The encrypted user data: changed, used again, of a place without the app, or no user data at all.
import { randomBytes } from 'node:crypto'
import { expect, test } from '../../fixtures'
import { asJson, fromSomewhere, send } from './wire'

test('user data with a bit flipped in any block gives nobody rights they had not', async ({
  crm,
  places,
  agency,
  installed,
}) => {
  const user = await agency.addUser(installed, 'user')
  const payload = Buffer.from(await crm.ssoPayload({ user: user.id, location: installed.id }), 'base64')
  const answers = new Set<string>()
  for (let at = 0; at < payload.length; at += 8) {
    const flipped = Buffer.from(payload)
    flipped[at]! ^= 1 << (at % 7)
    const body = { payload: flipped.toString('base64') }
    const { status, text, json } = await send(`${places.app}/api/sso`, asJson(body, fromSomewhere()))
    if (status === 401) answers.add(text)
    else {
      // A flip in a name leaves a valid text; who it is and what they may do is asked of the CRM.
      expect({ at, status, json }).toMatchObject({
        ...{ at, status: 200 },
        json: {
          user: { id: user.id, role: 'user', type: 'account' },
          locationId: installed.id,
          companyId: agency.company.id,
        },
      })
    }
  }
  // Padding, text, JSON and rights fail in the same words.
  expect(answers.size).toBe(1)
})

test('user data is taken once; another browser may not bring it again', async ({ crm, places, installed }) => {
  const payload = await crm.ssoPayload({ user: installed.admin.id, location: installed.id })
  const bring = async (frame: string, given = payload) =>
    (
      await send(
        `${places.app}/api/sso`,
        asJson({ payload: given }, { 'x-trunkline-frame': frame, ...fromSomewhere() }),
      )
    ).status
  const [ours, theirs] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
  expect(await bring(ours)).toBe(200)
  expect(await bring(ours)).toBe(200)
  expect(await bring(theirs)).toBe(401)
  expect(await bring('')).toBe(401)
  expect(await bring(theirs, payload.replaceAll('+', '-').replaceAll('/', '_'))).toBe(401)
})

test('user data of a place without the app, or of another company, is refused', async ({
  crm,
  places,
  agency,
  subAccount,
}) => {
  const ask = async (user: string, location?: string) => {
    const payload = await crm.ssoPayload({ user, ...(location ? { location } : {}) })
    return (await send(`${places.app}/api/sso`, asJson({ payload }, fromSomewhere()))).status
  }
  expect(await ask(subAccount.admin.id, subAccount.id)).toBe(401)
  expect(await ask(agency.owner.id)).toBe(401)
  await crm.install(subAccount.id, { as: subAccount.admin.id })
  expect(await ask(subAccount.admin.id, subAccount.id)).toBe(200)
  await crm.uninstall(subAccount.id)
  await expect.poll(() => ask(subAccount.admin.id, subAccount.id)).toBe(401)
})

test('what is no user data is a bad request, and guessing is slowed down', async ({ places }) => {
  const url = `${places.app}/api/sso`
  const shapes: [unknown, number][] = [
    ...['', '{', '[]', 'null', '{"payload":1}', '{"payload":null}', '{"payload":["x"]}', '{}'].map(
      (body): [string, number] => [body, 400],
    ),
    [{ payload: 'x', role: 'admin' }, 400],
    [{ payload: '' }, 400],
    [{ payload: 'x'.repeat(30_000) }, 400],
    [`${'['.repeat(10_000)}`, 400],
  ]
  for (const [body, status] of shapes)
    expect([JSON.stringify(body).slice(0, 60), (await send(url, asJson(body, fromSomewhere()))).status]).toEqual([
      JSON.stringify(body).slice(0, 60),
      status,
    ])
  expect(
    (await send(url, { body: 'payload=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status,
  ).toBe(400)

  const here = fromSomewhere()
  const statuses: number[] = []
  for (let guess = 0; guess < 12; guess++)
    statuses.push((await send(url, asJson({ payload: randomBytes(80).toString('base64') }, here))).status)
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429])
})

test('an install that was not started here, or twice, installs nothing', async ({ places, crm, subAccount }) => {
  const callback = (query: string) => send(`${places.app}/oauth/callback${query}`, { method: 'GET' })
  for (const query of [
    '',
    '?code=',
    '?error=access_denied',
    `?code=${'x'.repeat(3_000)}`,
    '?code=guessed',
    '?code=guessed&state=guessed',
  ])
    expect([query.slice(0, 40), (await callback(query)).status]).toEqual([query.slice(0, 40), 400])
  const [outcome] = await crm.install(subAccount.id, { as: subAccount.admin.id })
  expect(outcome!.status).toBe(200)
  const again = await callback(`?code=${outcome!.code}`)
  expect(again.status).toBe(400)
  expect(again.headers['set-cookie'] ?? []).toEqual([])
  // Begun in the marketplace, without a state: installed, and nobody is signed in by it.
  const [elsewhere] = await crm.install(subAccount.id, { as: subAccount.admin.id, via: 'marketplace' })
  const unused = await callback(`?code=${elsewhere!.code}&state=${'s'.repeat(43)}`)
  expect(unused.status).toBe(400)
})
