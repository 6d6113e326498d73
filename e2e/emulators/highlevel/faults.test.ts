import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startPair } from './fake-app'

let world: Awaited<ReturnType<typeof startPair>>
let access: string
let place: string
beforeAll(async () => {
  world = await startPair({ timings: { statusRaceMs: 0 } })
  place = world.location.id
  access = await world.installed(place)
})
afterAll(() => world.close())
afterEach(() => world.crm.clearFaults())

const read = () => world.api(access, 'GET', `/locations/${place}`)

describe('by rule', () => {
  it('a status, so many times, for one sub-account or path only', async () => {
    const { crm } = world
    await crm.fault('status', { status: 503, times: 2, locationId: place, path: '^/locations/' })
    expect([(await read()).status, (await read()).status, (await read()).status]).toEqual([503, 503, 200])
    await crm.fault('status', { status: 500, locationId: 'another' })
    await crm.fault('status', { status: 500, method: 'PUT' })
    expect((await read()).status).toBe(200)
    expect((await crm.faults()).map((one) => one.hits)).toEqual([2, 0, 0])
  })

  it('slow', async () => {
    await world.crm.fault('delay', { ms: 150 })
    const startedAt = performance.now()
    expect((await read()).status).toBe(200)
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(145)
  })

  it('hung up before, nothing is done; hung up after, it is done all the same', async () => {
    const { crm, api, app } = world
    const contact = await crm.createContact(place, { name: 'Drop Ped', phone: '+12025550180' })
    const post = (message: string) =>
      api(access, 'POST', '/conversations/messages/inbound', {
        type: 'SMS',
        contactId: contact.id,
        conversationProviderId: app.registration.providerId,
        message,
        direction: 'inbound',
      })
    await crm.fault('drop-before', { path: 'inbound$', times: 1 })
    await expect(post('before')).rejects.toThrow()
    await crm.fault('drop-after', { path: 'inbound$', times: 1 })
    await expect(post('after')).rejects.toThrow()
    await crm.fault('empty-201', { path: 'inbound$', times: 1 })
    expect(await post('empty')).toMatchObject({ status: 201, text: '' })
    expect((await crm.conversation(contact)).map((one) => one.body)).toEqual(['after'])
  })

  it('a share of requests, the same ones for the same seed', async () => {
    await world.crm.fault('status', { status: 500, share: 0.5 })
    const statuses: number[] = []
    for (let count = 0; count < 40; count += 1) statuses.push((await read()).status)
    expect(statuses.filter((one) => one === 500).length).toBeGreaterThan(8)
    expect(statuses.filter((one) => one === 200).length).toBeGreaterThan(8)
  })
})

describe('limits', () => {
  it('every answer says what is left; beyond it is 429 and in the history, per sub-account', async () => {
    const { crm, api } = world
    const other = await crm.createSubAccount('Quiet')
    const quiet = await world.installed(other.id)
    await crm.set({ limits: { max: 5, intervalMs: 60_000 } })
    const quietFirst = await api(quiet, 'GET', `/locations/${other.id}`)
    expect(quietFirst.headers.get('x-ratelimit-max')).toBe('5')
    expect(quietFirst.headers.get('x-ratelimit-interval-milliseconds')).toBe('60000')
    expect(quietFirst.headers.get('x-ratelimit-remaining')).toBe('4')
    let answer = await read()
    for (let count = 0; count < 5; count += 1) answer = await read()
    expect([answer.status, answer.body, answer.headers.get('x-ratelimit-remaining')]).toEqual([
      429,
      { statusCode: 429, message: 'Too Many Requests' },
      '0',
    ])
    expect((await crm.history(0, ['rate-limit'])).at(-1)).toMatchObject({ resource: place })
    expect((await api(quiet, 'GET', `/locations/${other.id}`)).status).toBe(200)
    await crm.set({ limits: { max: 100, intervalMs: 10_000 } })
  })

  it('the window slides', async () => {
    const { crm, api } = world
    const other = await crm.createSubAccount('Sliding')
    const token = await world.installed(other.id)
    const ask = async () => (await api(token, 'GET', `/locations/${other.id}`)).status
    await crm.set({ limits: { max: 2, intervalMs: 2_000 } })
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429])
    await expect.poll(ask, { interval: 20 }).toBe(200)
    await crm.set({ limits: { max: 100, intervalMs: 10_000 } })
  })

  it('the day can be over', async () => {
    await world.crm.exhaustDay(place)
    const answer = await read()
    expect([answer.status, answer.headers.get('x-ratelimit-daily-remaining')]).toEqual([429, '0'])
    await world.crm.exhaustDay(place, false)
    expect((await read()).status).toBe(200)
  })
})

it('a switch or a control that does not exist is refused, not ignored', async () => {
  const { crm } = world
  await expect(crm.set({ webhooks: { speling: 1 } as object })).rejects.toThrow('no such setting: webhooks.speling')
  await expect(crm.createContact('nowhere', { name: 'x' })).rejects.toThrow('no such sub-account')
  await expect(crm.waitFor('never', () => true, 50)).rejects.toThrow('no "never" that fits within 50 ms')
  const bare = await crm.createSubAccount('Bare')
  const contact = await crm.createContact(bare.id, { name: 'Un Installed', phone: '+12025550190' })
  await expect(crm.write(contact, 'x')).rejects.toThrow('The app is not installed in this sub-account.')
})
