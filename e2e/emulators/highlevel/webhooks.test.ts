import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectCrm } from './client'
import { type Heard, isSigned, startPair } from './fake-app'
import type { DeepPartial, Settings } from './options'
import { startHighLevelEmulator } from './server'

let world: Awaited<ReturnType<typeof startPair>>
afterEach(() => world.close())

const isDelivery = (one: Heard) => one.path.includes('/delivery/')

async function start(webhooks: DeepPartial<Settings['webhooks']> = {}) {
  world = await startPair({ settings: { webhooks: { scale: 0.0001, ...webhooks } } })
  await world.installed(world.location.id)
  await world.crm.webhooksIdle()
  const contact = await world.crm.createContact(world.location.id, { name: 'Pat Doe', phone: '+12025550123' })
  await world.crm.webhooksIdle()
  world.app.heard.length = 0
  return { ...world, contact }
}

describe('retries', () => {
  it('429 is asked again with the very same bytes, until it is taken; every attempt is in the history', async () => {
    const { app, crm, contact } = await start()
    let refusals = 3
    app.answerWith((one) => (isDelivery(one) && refusals-- > 0 ? 429 : 200))
    const message = await crm.write(contact, 'Hold on')
    await crm.webhooksIdle()
    const attempts = app.heard.filter(isDelivery)
    expect(attempts).toHaveLength(4)
    expect(new Set(attempts.map((one) => one.raw)).size).toBe(1)
    const told = (await crm.history(0, ['webhook'])).filter(
      (one) => one.messageId === message.id && one.destination === 'delivery',
    )
    expect(told.map((one) => [one.attempt, one.status])).toEqual([
      [1, 429],
      [2, 429],
      [3, 429],
      [4, 200],
    ])
  })

  it('500 is final in the old regime and retried in the new', async () => {
    const { app, crm, contact } = await start()
    let failures = 1
    app.answerWith((one) => (isDelivery(one) && failures-- > 0 ? 500 : 200))
    const lost = await crm.write(contact, 'Lost')
    await crm.waitFor('webhook-given-up', (event) => event.messageId === lost.id)
    await crm.set({ webhooks: { regime: 'new' } })
    failures = 2
    const kept = await crm.write(contact, 'Kept')
    await crm.webhooksIdle()
    expect(app.heard.filter((one) => isDelivery(one) && one.body.messageId === kept.id)).toHaveLength(3)
  })
})

describe('order', () => {
  it('within a conversation holds, also across a refusal', async () => {
    const { app, crm, contact } = await start({ concurrency: 8 })
    const other = await crm.createContact(world.location.id, { name: 'O Ther', phone: '+12025550124' })
    let calls = 0
    const accepted: Heard[] = []
    app.answerWith((one) => {
      if (isDelivery(one) && calls++ % 5 === 2) return 429
      accepted.push(one)
      return 200
    })
    const texts = Array.from({ length: 20 }, (_, index) => `m${index}`)
    const both = texts.flatMap((text) => [contact, other].map(({ id }) => ({ contactId: id, text })))
    await crm.writeMany(both)
    await crm.webhooksIdle()
    expect(calls).toBeGreaterThan(both.length)
    for (const { id } of [contact, other])
      expect(
        accepted.filter((one) => isDelivery(one) && one.body.contactId === id).map((one) => one.body.message),
      ).toEqual(texts)
  })

  it('loose lets later ones overtake a refused one', async () => {
    const { app, crm, contact } = await start({ order: 'loose', scale: 0.0005 })
    app.answerWith((one) =>
      one.body.message === 'first' && app.heard.filter((each) => each.raw === one.raw).length === 1 ? 429 : 200,
    )
    await crm.writeMany([
      { contactId: contact.id, text: 'first' },
      { contactId: contact.id, text: 'second' },
    ])
    await crm.webhooksIdle()
    expect(app.heard.filter(isDelivery).map((one) => one.body.message)).toEqual(['first', 'second', 'first'])
  })

  it('shuffles where told to', async () => {
    const { app, crm, contact } = await start({ reorder: true })
    const texts = Array.from({ length: 12 }, (_, index) => `m${index}`)
    await crm.writeMany(texts.map((text) => ({ contactId: contact.id, text })))
    await crm.webhooksIdle()
    const said = app.heard.filter(isDelivery).map((one) => one.body.message)
    expect(said).not.toEqual(texts)
    expect(said.toSorted()).toEqual(texts.toSorted())
  })
})

describe('trouble on order', () => {
  it.each(['wrong', 'none', 'N/A'] as const)('signature %s', async (mode) => {
    const { app, crm, contact, emulator } = await start({ deliverySignature: mode })
    const message = await crm.write(contact, 'x')
    const heard = await app.hears((one) => isDelivery(one) && one.body.messageId === message.id)
    if (mode === 'none') expect(heard.headers).not.toHaveProperty('x-ghl-signature')
    else if (mode === 'N/A') expect(heard.headers['x-ghl-signature']).toBe('N/A')
    else expect(isSigned(heard, emulator.webhookPublicKey)).toBe(false)
    const event = await app.hears((one) => one.body.type === 'OutboundMessage')
    expect(isSigned(event, emulator.webhookPublicKey)).toBe(true)
  })

  it('sends twice, never, late, or once more by hand', async () => {
    const { app, crm, contact } = await start({ duplicate: 1 })
    const twice = await crm.write(contact, 'twice')
    await crm.webhooksIdle()
    const heard = () => app.heard.filter((one) => isDelivery(one))
    expect(heard().map((one) => one.body.messageId)).toEqual([twice.id, twice.id])
    await crm.set({ webhooks: { duplicate: 0, drop: 1 } })
    const never = await crm.write(contact, 'never')
    await crm.waitFor('webhook-dropped', (event) => event.messageId === never.id)
    await crm.set({ webhooks: { drop: 0, delayMs: 120 } })
    const late = await crm.write(contact, 'late')
    await crm.webhooksIdle()
    const [sent] = await crm
      .history(0, ['composer-message'])
      .then((all) => all.filter((one) => one.messageId === late.id))
    const [came] = await crm.history(0, ['webhook']).then((all) => all.filter((one) => one.messageId === late.id))
    expect((came?.stamp ?? 0) - (sent?.stamp ?? 0)).toBeGreaterThanOrEqual(110)
    await crm.set({ webhooks: { delayMs: 0 } })
    expect(await crm.resendWebhook(String(came?.webhookId))).toEqual({ found: true })
    await crm.webhooksIdle()
    expect(heard().filter((one) => one.body.messageId === never.id)).toEqual([])
    expect(app.heard.filter((one) => one.body.messageId === late.id)).toHaveLength(3)
  })

  it('the breaker pauses a failing URL until somebody resumes it', async () => {
    const { app, crm, contact } = await start({ breaker: true, breakerMinimum: 4 })
    app.answerWith(() => 500)
    for (let count = 0; count < 8; count += 1) await crm.write(contact, `m${count}`)
    await crm.waitFor('webhook-breaker')
    await crm.webhooksIdle()
    const dropped = await crm.write(contact, 'while paused')
    await crm.waitFor('webhook-dropped', (event) => event.messageId === dropped.id && event.why === 'breaker')
    app.answerWith(() => 200)
    await crm.resumeWebhooks()
    const after = await crm.write(contact, 'after')
    await app.hears((one) => one.body.messageId === after.id)
  })

  it('an answer that never comes ends at the timeout', async () => {
    const { app, crm, contact } = await start({ timeoutMs: 100 })
    app.answerWith((one) => (isDelivery(one) ? new Promise<number>(() => undefined) : 200))
    const message = await crm.write(contact, 'x')
    const event = await crm.waitFor('webhook-given-up', (one) => one.messageId === message.id)
    expect(event.status).toBe(0)
  })
})

it('a restart forgets nothing: state, key, history, and webhooks still owed', async () => {
  world = await startPair()
  const dataDir = mkdtempSync(join(tmpdir(), 'crm-emulator-'))
  const options = {
    app: world.app.registration,
    dataDir,
    settings: { webhooks: { scale: 0.001 } },
    log: () => undefined,
  }
  const first = await startHighLevelEmulator(options)
  const crm = connectCrm(first.url)
  const place = (await crm.state()).locations[0]?.id ?? ''
  await crm.install(place)
  const contact = await crm.createContact(place, { name: 'Pat Doe', phone: '+12025550123' })
  world.app.answerWith((one) => (isDelivery(one) ? 429 : 200))
  const message = await crm.write(contact, 'Survivor')
  await world.app.hears((one) => one.body.messageId === message.id)
  const before = first.history.since(0).length
  await first.close()

  world.app.answerWith(() => 200)
  const second = await startHighLevelEmulator(options)
  const again = connectCrm(second.url)
  expect(second.webhookPublicKey).toBe(first.webhookPublicKey)
  expect((await again.conversation(contact.id)).map((one) => one.body)).toEqual(['Survivor'])
  await again.waitFor('webhook', (event) => event.messageId === message.id && event.status === 200, 10_000)
  const events = second.history.since(0)
  expect(events.length).toBeGreaterThan(before)
  expect(events.map((event) => event.n)).toEqual(events.map((_, index) => index + 1))
  await second.close()
  rmSync(dataDir, { recursive: true })
})
