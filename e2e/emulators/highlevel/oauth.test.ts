import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPair } from './fake-app'

let world: Awaited<ReturnType<typeof startPair>>
beforeAll(async () => {
  world = await startPair({ timings: { installWebhookMs: 60_000 } })
})
afterAll(() => world.close())

const refresh = (value: unknown) => world.token({ grant_type: 'refresh_token', refresh_token: String(value) })
const exchange = (code: string) => world.token({ grant_type: 'authorization_code', code })
const fresh = (name: string) => world.crm.createSubAccount(name)

describe('installing', () => {
  it('one sub-account gives a Location token and its INSTALL event', async () => {
    const { crm, app } = world
    const place = await fresh('Single')
    const [outcome] = await crm.install(place.id)
    expect(outcome).toMatchObject({ status: 200, url: `${app.registration.redirectUri}?code=${outcome?.code}` })
    const { body } = await exchange(outcome?.code ?? '')
    expect(body).toMatchObject({
      userType: 'Location',
      locationId: place.id,
      isBulkInstallation: false,
      expires_in: 86_399,
    })
    const event = await app.hears((one) => one.body.type === 'INSTALL' && one.body.locationId === place.id)
    expect(event.body).toMatchObject({
      installType: 'Location',
      companyId: place.companyId,
      isWhitelabelCompany: false,
    })
  })

  it('started by the app, the state comes back', async () => {
    const { crm, app, emulator } = world
    const place = await fresh('Stateful')
    const authorize = new URL(emulator.authorizeUrl)
    for (const [key, value] of Object.entries({
      response_type: 'code',
      client_id: app.registration.clientId,
      redirect_uri: app.registration.redirectUri,
      state: 'opaque-1',
    }))
      authorize.searchParams.set(key, value)
    expect((await fetch(authorize)).status).toBe(200)
    const form = new URLSearchParams([...authorize.searchParams, ['choice', `location:${place.id}`]])
    const approve = () => fetch(emulator.authorizeUrl, { method: 'POST', body: form, redirect: 'manual' })
    expect((await approve()).headers.get('location')).toMatch(/\?code=\w+&state=opaque-1$/)
    await crm.set({ oauth: { returnsState: false } })
    expect((await approve()).headers.get('location')).toMatch(/\?code=\w+$/)
    await crm.set({ oauth: { returnsState: true } })
    authorize.searchParams.set('redirect_uri', 'https://elsewhere.example.com/cb')
    expect((await fetch(authorize)).status).toBe(400)
  })

  it('started at the app, the browser keeps its cookie and the state through the chooser', async () => {
    const { crm, app, emulator } = world
    const place = await fresh('From The App')
    const { clientId, redirectUri } = app.registration
    const values = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: 'oauth.write',
      state: 's-9',
    }
    const location = `${emulator.authorizeUrl}?${new URLSearchParams(values)}`
    app.answerWith((one) => {
      if (one.path === '/oauth/install')
        return { status: 302, headers: { location, 'set-cookie': ['flow=f1; Path=/'] } }
      if (one.path.startsWith('/oauth/callback')) return { status: 303, headers: { location: '/installed' } }
      return 200
    })
    const [outcome] = await crm.install(place.id, { via: 'app' })
    app.answerWith(() => 200)
    expect(outcome).toMatchObject({ status: 200, url: `${app.url}/installed` })
    const callback = await app.hears((one) => one.path.includes('state=s-9'))
    expect([callback.path, callback.headers.cookie]).toEqual([
      `/oauth/callback?code=${outcome?.code}&state=s-9`,
      'flow=f1',
    ])
    expect((await exchange(outcome?.code ?? '')).body.scope).toBe('oauth.write')
  })

  it('a whole agency gives a Company token, mints per sub-account, and reaches future ones without companyId', async () => {
    const { crm, app, api } = world
    const agency = await crm.createAgency('Bulk Agency')
    const [one, two] = [
      await crm.createSubAccount('Bulk One', { companyId: agency.id }),
      await crm.createSubAccount('Bulk Two', { companyId: agency.id }),
    ]
    const outcome = await crm.installAgency({ companyId: agency.id, future: true })
    const { body } = await exchange(outcome.code)
    expect(body).toMatchObject({
      userType: 'Company',
      companyId: agency.id,
      isBulkInstallation: true,
      approvedLocations: [one.id, two.id],
      installToFutureLocations: true,
      approveAllLocations: true,
    })
    const company = String(body.access_token)
    await app.hears((event) => event.body.type === 'INSTALL' && event.body.locationId === two.id)
    await app.hears((event) => event.body.type === 'INSTALL' && event.body.installType === 'Company')

    const later = await crm.createSubAccount('Bulk Later', { companyId: agency.id })
    const event = await app.hears((each) => each.body.type === 'INSTALL' && each.body.locationId === later.id)
    expect(event.body).not.toHaveProperty('companyId')

    const appId = app.registration.clientId.split('-')[0]
    const listed = await api(
      company,
      'GET',
      `/oauth/installedLocations?companyId=${agency.id}&appId=${appId}&isInstalled=true`,
    )
    expect((listed.body.locations as { _id: string }[]).map((each) => each._id)).toEqual([one.id, two.id, later.id])
    expect((await api(company, 'GET', `/oauth/installedLocations?companyId=${agency.id}`)).status).toBe(422)

    const form = new URLSearchParams({ companyId: agency.id, locationId: later.id })
    const minted = await api(company, 'POST', '/oauth/locationToken', form)
    expect(minted.body).toMatchObject({ userType: 'Location', locationId: later.id, expires_in: 86_400 })
    expect((await api(String(minted.body.access_token), 'GET', `/locations/${later.id}`)).status).toBe(200)
    const v3 = await api(company, 'POST', '/oauth/location-token', form, { Version: 'v3' })
    expect(v3.body.accessToken).toEqual(expect.any(String))
    const paged = await api(
      company,
      'GET',
      `/oauth/installed-locations?companyId=${agency.id}&appId=${appId}&pageSize=2`,
      undefined,
      { Version: 'v3' },
    )
    expect(paged.body.pagination).toMatchObject({ totalRecords: 3, hasNextPage: true })
  })

  it('of one sub-account by an agency user gives a Company token for it, or a Location one by switch', async () => {
    const { crm } = world
    const [one, two] = [await fresh('Chosen One'), await fresh('Chosen Two')]
    const agent = (await crm.state()).users.find((user) => user.owner)
    const choose = async (id: string) => {
      const [outcome] = await crm.install(id, { as: agent?.id })
      return (await exchange(outcome?.code ?? '')).body
    }
    expect(await choose(one.id)).toMatchObject({
      userType: 'Company',
      approvedLocations: [one.id],
      approveAllLocations: false,
    })
    expect(await choose(two.id)).toMatchObject({ userType: 'Company', approvedLocations: [one.id, two.id] })
    const { clientId, redirectUri } = world.app.registration
    const ticked = { client_id: clientId, redirect_uri: redirectUri, as: agent?.id ?? '', choice: `location:${one.id}` }
    const form = new URLSearchParams({ ...ticked, [`future:${one.companyId}`]: 'yes' })
    await fetch(world.emulator.authorizeUrl, { method: 'POST', body: form, redirect: 'manual' })
    expect((await crm.state()).companyInstalls.find((each) => each.companyId === one.companyId)?.future).toBe(false)
    await crm.set({ oauth: { agencyInstallToken: 'Location' } })
    expect(await choose(two.id)).toMatchObject({ userType: 'Location', locationId: two.id, isBulkInstallation: false })
    await crm.set({ oauth: { agencyInstallToken: 'Company' } })
  })

  it('offers what the person signed in may install', async () => {
    const { crm, emulator, app } = world
    const { users, locations } = await crm.state()
    const { clientId, redirectUri } = app.registration
    const url = `${emulator.authorizeUrl}?${new URLSearchParams({ client_id: clientId, redirect_uri: redirectUri })}`
    const shown = async (name: string) => {
      const id = users.find((user) => `${user.firstName} ${user.lastName}` === name)?.id
      return (await fetch(url, { headers: { cookie: `acting=${id}` } })).text()
    }
    const [harbour, northside] = locations
    const owner = await shown('Alex Kim')
    expect([owner.includes('The whole agency'), owner.includes(`location:${northside?.id}`)]).toEqual([true, true])
    const admin = await shown('Kim Roe')
    expect([admin.includes('The whole agency'), admin.includes(`location:${northside?.id}`)]).toEqual([false, false])
    expect(admin).toContain(`location:${harbour?.id}`)
  })

  it('announces before the callback where the switch says so', async () => {
    const { crm, app } = world
    await crm.set({ oauth: { installWebhook: 'before-callback' } })
    const place = await fresh('Early')
    await crm.install(place.id)
    await crm.set({ oauth: { installWebhook: 'after-callback' } })
    const install = app.heard.findIndex((one) => one.body.type === 'INSTALL' && one.body.locationId === place.id)
    const callback = app.heard.findLastIndex((one) => one.path.startsWith('/oauth/callback'))
    expect(install).toBeGreaterThanOrEqual(0)
    expect(install).toBeLessThan(callback)
  })
})

describe('tokens', () => {
  it('codes and refresh tokens work once', async () => {
    const place = await fresh('Once')
    const [outcome] = await world.crm.install(place.id)
    const first = await exchange(outcome?.code ?? '')
    expect((await exchange(outcome?.code ?? '')).body.message).toBe('Invalid grant: authorization code is invalid')
    const renewed = await refresh(first.body.refresh_token)
    expect(renewed.status).toBe(200)
    const again = await refresh(first.body.refresh_token)
    expect([again.status, again.body.message]).toEqual([400, 'Invalid grant: refresh token is invalid'])
    expect((await refresh(renewed.body.refresh_token)).status).toBe(200)
  })

  it('of two refreshes at once one wins', async () => {
    const place = await fresh('Race')
    const [outcome] = await world.crm.install(place.id)
    const { body } = await exchange(outcome?.code ?? '')
    const answers = await Promise.all([1, 2, 3].map(() => refresh(body.refresh_token)))
    expect(answers.map((one) => one.status).toSorted()).toEqual([200, 400, 400])
  })

  it('a suspended sub-account keeps its refresh token', async () => {
    const place = await fresh('Suspended')
    const [outcome] = await world.crm.install(place.id)
    const { body } = await exchange(outcome?.code ?? '')
    await world.crm.changeSubAccount(place.id, { active: false })
    expect((await refresh(body.refresh_token)).body.message).toBe('Location is not active')
    await world.crm.changeSubAccount(place.id, { active: true })
    expect((await refresh(body.refresh_token)).status).toBe(200)
  })

  it('expire on demand, or by the life the switch gives', async () => {
    const place = await fresh('Expiring')
    const access = await world.installed(place.id)
    const read = (token: string) => world.api(token, 'GET', `/locations/${place.id}`)
    expect((await read(access)).status).toBe(200)
    await world.crm.expireTokens({ locationId: place.id })
    expect((await read(access)).body).toEqual({
      statusCode: 401,
      message: 'Invalid token: access token is invalid',
      error: 'Unauthorized',
    })
    await world.crm.set({ oauth: { expiresInSeconds: 0 } })
    expect((await read(await world.installed(place.id))).status).toBe(401)
    await world.crm.set({ oauth: { expiresInSeconds: 86_399 } })
  })

  it('v3 spells them in camel case', async () => {
    const place = await fresh('Camel')
    const [outcome] = await world.crm.install(place.id)
    const { clientId, clientSecret, redirectUri } = world.app.registration
    const body = { clientId, clientSecret, redirectUri, grantType: 'authorization_code', code: outcome?.code }
    const answer = await world.api(undefined, 'POST', '/oauth/token', body, { Version: 'v3' })
    expect(answer.body).toMatchObject({ userType: 'Location', locationId: place.id, expiresIn: 86_399 })
    expect(answer.body).not.toHaveProperty('access_token')
  })

  it('reconnect gives a new code without the user, unless the app is gone', async () => {
    const place = await fresh('Lost')
    await world.installed(place.id)
    const { clientId: clientKey, clientSecret } = world.app.registration
    const ask = () =>
      world.api(undefined, 'POST', '/oauth/reconnect', { clientKey, clientSecret, locationId: place.id })
    const answer = await ask()
    expect((await exchange(String(answer.body.authorizationCode))).body.locationId).toBe(place.id)
    await world.crm.uninstall(place.id)
    expect((await ask()).status).toBe(400)
  })

  it('a refresh whose answer is lost has used the token up; reconnect mends it', async () => {
    const place = await fresh('Lost Answer')
    const [outcome] = await world.crm.install(place.id)
    const { body } = await exchange(outcome?.code ?? '')
    await world.crm.fault('drop-after', { path: '^/oauth/token$', times: 1 })
    await expect(refresh(body.refresh_token)).rejects.toThrow()
    expect((await refresh(body.refresh_token)).status).toBe(400)
    const { clientId: clientKey, clientSecret } = world.app.registration
    const again = await world.api(undefined, 'POST', '/oauth/reconnect', {
      clientKey,
      clientSecret,
      locationId: place.id,
    })
    expect((await exchange(String(again.body.authorizationCode))).status).toBe(200)
    const told = await world.crm.history(0, ['token'])
    expect(told.filter((one) => one.locationId === place.id).map((one) => [one.grantType, one.outcome])).toEqual([
      ['authorization_code', 'issued'],
      ['refresh_token', 'issued'],
      ['refresh_token', 'Invalid grant: refresh token is invalid'],
      ['reconnect', 'issued'],
      ['authorization_code', 'issued'],
    ])
  })

  it('wrong or missing parameters are named', async () => {
    expect((await world.token({})).body.message).toBe('Missing parameter: grant_type')
    expect((await world.token({ grant_type: 'client_credentials' })).body.message).toBe('Invalid parameter: grant_type')
    expect((await world.token({ grant_type: 'refresh_token' })).body.message).toBe('Missing parameter: refresh_token')
  })
})

describe('uninstalling', () => {
  it('by the app or by a person kills the tokens and tells the app', async () => {
    const { api, app, crm } = world
    const place = await fresh('Leaving')
    const access = await world.installed(place.id)
    const path = `/marketplace/app/${app.registration.clientId.split('-')[0]}/installations`
    expect((await api(access, 'GET', path)).body.installationDetails).toMatchObject({ locationId: place.id })
    const body = { locationId: place.id, reason: 'Disconnected by the user inside the app' }
    expect((await api(access, 'DELETE', path, body)).body).toEqual({ success: true })
    await app.hears((one) => one.body.type === 'UNINSTALL' && one.body.locationId === place.id)
    expect((await api(access, 'GET', `/locations/${place.id}`)).status).toBe(401)
    expect(await crm.uninstall(place.id)).toEqual({ uninstalled: false })
  })

  it('an agency is one event and all its sub-accounts', async () => {
    const { crm, app } = world
    const agency = await crm.createAgency('Leaving Agency')
    await crm.createSubAccount('L1', { companyId: agency.id })
    await crm.installAgency({ companyId: agency.id })
    await crm.uninstall({ companyId: agency.id })
    const event = await app.hears((one) => one.body.type === 'UNINSTALL' && one.body.companyId === agency.id)
    expect(event.body).not.toHaveProperty('locationId')
    expect((await crm.state()).installs.filter((one) => one.companyId === agency.id)).toEqual([])
  })

  it('updates, plan changes and payments are told too', async () => {
    const { crm, app } = world
    const place = await fresh('Paying')
    await world.installed(place.id)
    await crm.lifecycle({ kind: 'update', locationId: place.id })
    await crm.lifecycle({ kind: 'plan-change', locationId: place.id })
    await crm.lifecycle({ kind: 'payment', locationId: place.id, status: 'FAILED' })
    for (const type of ['UPDATE', 'PLAN_CHANGE', 'APP_PAYMENT_STATUS'])
      await app.hears((one) => one.body.type === type && one.body.locationId === place.id)
  })
})
