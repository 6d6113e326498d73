// What only time brings, lived through in a sandbox whose time moves: the days of a trial, the end of the time to scan.
import { openMailbox } from '../emulators/mail/client'
import { day, expect, hour, minute, test } from '../later'
import type { SubAccount } from '../fixtures'
import type { CrmClient } from '../emulators/highlevel/client'
import { asJson, bearer, send, signIn } from './bad-input/wire'
import { expectAccessibleHere } from './accessible'
import type { AppFrame } from './app-frame'
import { readQr } from './screen-qr'

// One time for all of them.
test.describe.configure({ mode: 'serial' })
// A page that was open for days signs in again.
test.beforeEach(({ expectedComplaints }) => void expectedComplaints.push(/status of 401/))
// As afterwards.ts asks of the sandbox of the other specs.
test.afterAll(async ({ crm, phones }) => {
  expect(await crm.violations()).toEqual([])
  expect(await phones.counters()).toMatchObject({ violations: 0, unknownQueries: {} })
})

interface Entitlement {
  state: string
  banner: string | null
  detail: string
  trialEndsAt: string | null
  endsAt: string | null
  hearsUntil: string | null
  keptUntil: string | null
}

/** Signed in anew each time: days may have passed. */
async function ask<Answer>(app: string, crm: CrmClient, { id, admin }: SubAccount, path: string): Promise<Answer> {
  const own = bearer(await signIn(app, crm, admin, id))
  return (await send(`${app}/api/v1/locations/${id}${path}`, { headers: own, method: 'GET' })).json as Answer
}

/** What the page says of what follows an end. */
const untilWhen = (app: AppFrame, { hearsUntil, keptUntil }: Entitlement) =>
  app.page.evaluate(
    ([hears, kept]) => {
      const dateTime = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' })
      const date = new Intl.DateTimeFormat('en', { dateStyle: 'long' })
      const times = [dateTime.format(new Date(hears)), date.format(new Date(kept))]
      return `arrives until ${times[0]}; then the numbers disconnect. The links are kept until ${times[1]}`
    },
    [hearsUntil!, keptUntil!] as const,
  )

test('case 17: a trial ends with its reason on card and message, hears on, and goes on without a scan once granted', async ({
  context,
  places,
  later,
  crm,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const [business, ana] = [await newPhone(), await newPhone()]
  const entitlement = () => ask<Entitlement>(places.app, crm, installed, '/entitlement')
  const mails = openMailbox(places.mails, installed.admin.email)
  const app = await openApp(installed)
  expect(await entitlement()).toMatchObject({ state: 'unstarted' })
  const card = await app.link('Sales', business)
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana', `+${ana.number}`)
  await inbox.write('on the first day')
  await ana.waitForText(business, 'on the first day')
  expect(await entitlement()).toMatchObject({ state: 'trial', banner: null })

  later.pass(2 * day)
  // The processes notice within a moment that it is later.
  await expect
    .poll(async () => (await entitlement()).banner)
    .toBe('The trial ends in 3 days. Afterwards messages are not sent until somebody pays.')
  // Open for days, the page has to be signed in anew: as somebody who comes back to it.
  const onPage = (text: string) => app.frame.getByRole('main').getByText(text, { exact: true })
  await openApp(installed)
  await expect(onPage('3 days of the trial left')).toBeVisible()
  await expect(app.frame.getByText(/After that messages are not sent until somebody pays/)).toBeVisible()
  await expectAccessibleHere(app, 'a trial that ends soon')
  later.pass(day + hour)
  expect((await mails.until(1))[0]!.subject).toContain('The trial of your WhatsApp sessions ends soon')
  later.pass(2 * day)
  await expect(card.getByText('Payment needed', { exact: true })).toBeVisible()
  await expect(card.getByText(/keeps its link/)).toBeVisible()
  const ended = app.frame.getByRole('alert').filter({ hasText: /^Payment is needed/ })
  await expect(ended).toContainText(await untilWhen(app, await entitlement()))
  await expect(onPage('3 days of the trial left')).toBeHidden()
  await expect(onPage('The sessions wait for the payment.')).toBeVisible()
  expect(await entitlement()).toMatchObject({ state: 'ended', banner: expect.stringContaining('Payment is needed') })
  expect((await mails.until(2))[1]!.subject).toContain('has ended')
  await expect(app.addButton).toBeDisabled()
  await expect(app.frame.getByText('A session can be added once payment is made.')).toBeVisible()
  await expectAccessibleHere(app, 'payment needed')
  const refused = await inbox.write('after the end')
  await expect(
    refused.getByText(`Not sent: Sales (+${business.number}) is waiting for payment. Look at Sessions.`),
  ).toBeVisible()
  await ana.sendText(business, 'are you there?')
  await expect(inbox.received('are you there?')).toBeVisible()

  later.pass(3 * day)
  await business.waitForChange(async () => ((await business.view()).devices[0]?.isConnected ? undefined : true))
  expect((await business.view()).devices).toHaveLength(1)
  await openApp(installed)
  await expect(ended).toContainText('The numbers have been disconnected since')

  expect((await later.operator('PUT', installed.id, { until: null })).status).toBe(200)
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
  await expect(ended).toBeHidden()
  await expect(app.addButton).toBeEnabled()
  await expect(onPage('No session needs attention.')).toBeVisible()
  expect(await entitlement()).toMatchObject({ state: 'granted', banner: null })
  await refused.getByRole('button', { name: 'Retry' }).click()
  await ana.waitForText(business, 'after the end')
  expect((await business.view()).devices).toHaveLength(1)
  expect(await mails.list()).toHaveLength(2)
})

test('a number that had its trial has no second one in another sub-account, and is told why', async ({
  places,
  later,
  crm,
  agency,
  openApp,
  newPhone,
}) => {
  const business = await newPhone()
  const [first, second] = [await agency.addSubAccount('Harbour'), await agency.addSubAccount('Quay')]
  for (const each of [first, second]) await crm.install(each.id, { as: each.admin.id })
  const app = await openApp(first)
  const card = await app.link('Sales', business)
  later.pass(5 * day + hour)
  await expect(card.getByText('Payment needed', { exact: true })).toBeVisible()
  await app.confirm('Sales', 'Log out')
  await business.waitForChange(async () => ((await business.view()).devices.length === 0 ? true : undefined))

  const elsewhere = await openApp(second, { page: await app.page.context().newPage() })
  const again = await elsewhere.addSession('Sales')
  await elsewhere.pointAt('Sales', business)
  await expect(again.getByText('Payment needed', { exact: true })).toBeVisible()
  const entitlement = await ask<Entitlement>(places.app, crm, second, '/entitlement')
  expect(entitlement).toMatchObject({ state: 'ended', detail: expect.stringContaining('each number has one trial') })
  expect(entitlement.banner).toContain('already had its trial in another sub-account')
  expect(JSON.stringify(entitlement)).not.toContain(first.name)
  // The trial was over before; what follows the end is counted from when it is known here, and so it is shown.
  expect(Date.parse(entitlement.hearsUntil!) - Date.parse(entitlement.endsAt!)).toBeGreaterThan(3 * day + 30 * minute)
  const alert = elsewhere.frame.getByRole('alert').filter({ hasText: /^Payment is needed/ })
  await expect(alert).toContainText(await untilWhen(elsewhere, entitlement))
  const own = bearer(await signIn(places.app, crm, second.admin, second.id))
  const added = await send(`${places.app}/api/v1/locations/${second.id}/sessions`, asJson({ label: 'Support' }, own))
  expect([added.status, added.json]).toMatchObject([402, { error: { code: 'unpaid' } }])
})

test('a sixth session is refused until an operator allows it; with fewer allowed, the last ones wait', async ({
  places,
  later,
  crm,
  installed,
  openApp,
}) => {
  const app = await openApp(installed)
  const own = bearer(await signIn(places.app, crm, installed.admin, installed.id))
  const add = (label: string) => send(`${places.app}/api/v1/locations/${installed.id}/sessions`, asJson({ label }, own))
  for (const label of ['A', 'B', 'C', 'D', 'E']) expect((await add(label)).status).toBe(201)
  const refused = await add('F')
  expect([refused.status, refused.json]).toMatchObject([409, { error: { code: 'limit_reached' } }])
  expect((refused.json as { error: { message: string } }).error.message).toContain('all of its 5 sessions')

  expect((await later.operator('PUT', installed.id, { until: null, maxSessions: 6 })).status).toBe(200)
  expect((await add('F')).status).toBe(201)
  expect((await later.operator('PUT', installed.id, { until: null, maxSessions: 4 })).status).toBe(200)
  for (const label of ['E', 'F'])
    await expect(app.card(label).getByText('Payment needed', { exact: true })).toBeVisible()
  await expect(app.card('D')).toBeVisible()
  await expect(app.card('D').getByText('Payment needed', { exact: true })).toBeHidden()
  expect((await later.operator('PUT', installed.id, { until: null, maxSessions: 11 })).status).toBe(400)
})

test('a connection that does not come back is said to take long after five minutes, and no more once it is back', async ({
  later,
  phones,
  installed,
  openApp,
  newPhone,
}) => {
  const business = await newPhone()
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  const strip = app.frame.getByRole('region', { name: 'State of the sessions' }).getByRole('status')
  await expect(strip).toHaveText('No session needs attention.')
  await phones.refuseConnections()
  await phones.closeConnections(business.number, 503)
  await expect(card.getByText('Reconnecting', { exact: true })).toBeVisible()
  await expect(strip).toHaveText('No session needs attention.')
  later.pass(6 * minute)
  await expect(strip).toHaveText(/^Sales is taking long /)
  await expectAccessibleHere(app, 'reconnecting for long')
  await phones.refuseConnections(false)
  // By itself it comes back after a time that is left to chance.
  await app.confirm('Sales', 'Restart')
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
  await expect(strip).toHaveText('No session needs attention.')
})

test('a number blocked for a while says until when, and is tried again only after that', async ({
  later,
  phones,
  installed,
  openApp,
  newPhone,
}) => {
  const business = await newPhone()
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  await phones.loginAnswer(business.number, 402)
  await app.confirm('Sales', 'Restart')
  await expect(card.getByText('Blocked by WhatsApp', { exact: true })).toBeVisible()
  await expect(app.status('Sales')).toContainText(
    'WhatsApp blocked this number for a while. It can be linked again from',
  )
  await expect(card.getByRole('button', { name: 'Try again' })).toBeDisabled()
  await expectAccessibleHere(app, 'blocked for a while')
  const since = await phones.position()
  later.pass(2 * hour)
  await openApp(installed)
  await expect(card.getByRole('button', { name: 'Try again' })).toBeEnabled()
  expect(await phones.call('history', { since, waitMs: 0, match: { kind: 'login', number: business.number } })).toEqual(
    [],
  )
  await card.getByRole('button', { name: 'Try again' }).click()
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
})

test('a code that nobody scans is over; a new one links', async ({ later, phones, installed, openApp, newPhone }) => {
  const phone = await newPhone()
  const app = await openApp(installed)
  const card = await app.addSession('Sales')
  const seen = await readQr(app.qr('Sales'))
  later.pass(4 * minute)
  // When the connection that carries the code ends, nobody has time left for another.
  await phones.closePairing(503)
  await expect(app.status('Sales')).toContainText('Nobody scanned in time. Get a new code to try again.')
  await expect(phone.scan(seen)).rejects.toThrow()
  await card.getByRole('button', { name: 'New code' }).click()
  await app.scan('Sales', phone)
})
