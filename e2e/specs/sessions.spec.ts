// A session's life after it was linked.
import { expect, test } from '../fixtures'
import { expectAccessibleHere } from './accessible'
import { PhonesPage } from './phones-page'
import { readQr } from './screen-qr'

test('stopped and started again, it needs no scan; in between, messages fail and say why', async ({
  context,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const [business, ana] = [await newPhone(), await newPhone()]
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana', `+${ana.number}`)

  await app.confirm('Sales', 'Stop')
  await expect(card.getByText('Stopped', { exact: true })).toBeVisible()
  await expectAccessibleHere(app, 'stopped')
  await business.waitForChange(async () => ((await business.view()).devices[0]?.isConnected ? undefined : true))
  const stopped = await inbox.write('while stopped')
  await expect(stopped.getByText(/^Not sent: .*(stopped|connected).*Sessions\.$/)).toBeVisible()

  await card.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
  const started = await inbox.write('once started')
  await expect(started.getByText('Delivered')).toBeVisible()
  await stopped.getByRole('button', { name: 'Retry' }).click()
  await ana.waitForText(business, 'while stopped')
  expect((await business.view()).devices).toHaveLength(1)
  expect((await ana.chat(business)).map((bubble) => bubble.text)).toEqual(['once started', 'while stopped'])
})

test('while its connection comes back, messages wait and say why; then they go', async ({
  context,
  phones,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const [business, ana] = [await newPhone(), await newPhone()]
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana', `+${ana.number}`)
  // Away until it was looked at: by itself it comes back after a time that is left to chance.
  await phones.loginAnswer(business.number, 503, 1_000)
  await phones.closeConnections(business.number, 503)
  await expect(card.getByText('Reconnecting', { exact: true })).toBeVisible()
  const waiting = await inbox.write('be patient')
  await expect(waiting.getByText('Pending')).toBeVisible()
  await app.showMessages()
  const held = app.frame.getByRole('list', { name: 'Messages' }).getByRole('listitem').first()
  await expect(held.getByText('Held')).toBeVisible()
  await expect(held.getByText(/^Waiting while Sales \(.*\) (reconnects|starts)\.$/)).toBeVisible()
  await phones.loginAnswer(business.number, 503, 0)
  await app.showSessions()
  await app.confirm('Sales', 'Restart')
  await expect(waiting.getByText('Delivered')).toBeVisible()
  expect((await ana.chat(business)).map((bubble) => bubble.text)).toEqual(['be patient'])
})

test('unlinked on the phone it says that a scan is needed, and the same phone links it again', async ({
  context,
  places,
  installed,
  openApp,
  newPhone,
}) => {
  const business = await newPhone()
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  const { page } = await PhonesPage.open(await context.newPage(), places.phones, business.number)
  await page.getByRole('button', { name: 'Unlink' }).click()
  await expect(page.getByText('No linked devices.')).toBeVisible()
  await expect(card.getByText('Re-scan needed', { exact: true })).toBeVisible()
  await expect(card.getByText('This device was removed on the phone. Scan again to use the number.')).toBeVisible()

  await card.getByRole('button', { name: 'Scan again' }).click()
  await app.scan('Sales', business)
})

test('logged out it is unlinked on the phone; deleted it is gone after its name was typed', async ({
  installed,
  openApp,
  newPhone,
}) => {
  const business = await newPhone()
  const app = await openApp(installed)
  const card = await app.link('Sales desk', business)
  await app.confirm('Sales desk', 'Log out')
  await expect(card.getByText('Re-scan needed', { exact: true })).toBeVisible()
  await expect(card.getByText('Logged out by a user. Scan again to use a number here.')).toBeVisible()
  await business.waitForChange(async () => ((await business.view()).devices.length === 0 ? true : undefined))

  await app.choose('Sales desk', 'Delete')
  const dialog = app.frame.getByRole('dialog', { name: 'Delete Sales desk?' })
  const remove = dialog.getByRole('button', { name: 'Delete session' })
  await expect(remove).toBeDisabled()
  await dialog.getByLabel('Type Sales desk to confirm').fill('Sales des')
  await expect(remove).toBeDisabled()
  await dialog.getByLabel('Type Sales desk to confirm').fill('Sales desk')
  await remove.click()
  await expect(card).toBeHidden()
  await expect(app.frame.getByText('No sessions yet')).toBeVisible()
  await expect(app.addButton).toBeFocused()
})

test('a linked session that is deleted disappears from the phone too', async ({ installed, openApp, newPhone }) => {
  const business = await newPhone()
  const app = await openApp(installed)
  await app.link('Sales', business)
  await app.choose('Sales', 'Delete')
  await app.frame.getByLabel('Type Sales to confirm').fill('Sales')
  await app.frame.getByRole('button', { name: 'Delete session' }).click()
  await expect(app.frame.getByText('No sessions yet')).toBeVisible()
  await business.waitForChange(async () => ((await business.view()).devices.length === 0 ? true : undefined))
})

test('linking can be called off, and a session renamed', async ({ installed, openApp, newPhone }) => {
  const app = await openApp(installed)
  const card = await app.addSession('Salse')
  const phone = await newPhone()
  const seen = await readQr(app.qr('Salse'))
  await app.choose('Salse', 'Cancel linking')
  await expect(card.getByText('Not linked', { exact: true })).toBeVisible()
  await expect(app.qr('Salse')).toBeHidden()
  await expect(phone.scan(seen)).rejects.toThrow()
  await expect(card.getByText('Connected', { exact: true })).toBeHidden()

  await app.rename('Salse', 'Sales')
})

test('sessions that could not be loaded are said to be missing, and are there when asked for again', async ({
  installed,
  openApp,
  page,
  expectedComplaints,
}) => {
  expectedComplaints.push(/status of 429 .*\/(sessions|events)/)
  const sessions = /\/api\/v1\/locations\/[^/]+\/sessions/
  // Neither by itself nor on an event is it asked again after this.
  for (const path of [sessions, /\/events$/])
    await page.route(path, (route) => route.fulfill({ status: 429, json: { error: { code: 'too_many_requests' } } }))
  const app = await openApp(installed)
  const missing = app.frame.getByRole('main').getByText('This could not be loaded')
  await expect(missing).toBeVisible()
  await expect(app.addButton).toBeHidden()
  await page.unroute(sessions)
  await app.frame.getByRole('button', { name: 'Try again' }).click()
  await expect(app.frame.getByText('No sessions yet')).toBeVisible()
  await expect(missing).toBeHidden()
})
