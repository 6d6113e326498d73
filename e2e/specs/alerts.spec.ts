// Who is told when a number needs somebody.
import { openMailbox } from '../emulators/mail/client'
import { expect, test } from '../fixtures'
import { bearer, send, signIn } from './bad-input/wire'
import { PhonesPage } from './phones-page'

interface Alert {
  kind: string
  level: string
  label: string
  text: string
}

test('unlinked on the phone, a number is an alert and a mail; linked again, it is one more mail and no alert', async ({
  context,
  places,
  crm,
  agency,
  installed,
  openApp,
  newPhone,
  anotherBrowser,
}) => {
  const business = await newPhone()
  const own = bearer(await signIn(places.app, crm, installed.admin, installed.id))
  const alerts = async () => {
    const answer = await send(`${places.app}/api/v1/locations/${installed.id}/alerts`, { headers: own, method: 'GET' })
    return (answer.json as { items: Alert[] }).items
  }
  const mails = openMailbox(places.mails, installed.admin.email)
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  expect(await alerts()).toEqual([])
  const strip = app.frame.getByRole('region', { name: 'State of the sessions' })
  await expect(strip).toContainText('No session needs attention.')

  const { page } = await PhonesPage.open(await context.newPage(), places.phones, business.number)
  await page.getByRole('button', { name: 'Unlink' }).click()
  await expect(card.getByText('Re-scan needed', { exact: true })).toBeVisible()
  const who = `Sales (+${business.number})`
  await expect.poll(alerts).toEqual([
    expect.objectContaining({
      ...{ kind: 'session_down', level: 'red', label: 'Sales' },
      text: `${who}: This device was removed on the phone. Scan again to use the number.`,
    }),
  ])
  await expect(strip).toContainText('Sales needs you')
  const [told] = await mails.until(1)
  expect(told).toMatchObject({ subject: `${who} must be scanned again · ${installed.name}` })
  expect(told!.text).toContain(`${places.app}/embed/${installed.id}`)
  expect(await openMailbox(places.mails, agency.owner.email).until(1)).toHaveLength(1)

  // As a person trying the sandbox finds them.
  const elsewhere = await anotherBrowser()
  const front = await elsewhere.newPage()
  await front.goto(places.crm)
  const opened = elsewhere.waitForEvent('page')
  await front.getByRole('link', { name: 'Mails' }).click()
  const shown = (await opened).getByRole('article', { name: `${who} must be scanned again` })
  await expect(shown).toContainText('Open Sessions and scan the code again with the phone of this number.')

  // Who was told by mail comes to a page of today.
  await openApp(installed)
  await card.getByRole('button', { name: 'Scan again' }).click()
  await app.scan('Sales', business)
  const all = await mails.until(2)
  expect(all[1]!.subject).toBe(`${who} is back online · ${installed.name}`)
  expect(await alerts()).toEqual([])
  await expect(strip).toContainText('No session needs attention.')
})

test('what a person stops, logs out or deletes is no alert', async ({ places, installed, openApp, newPhone }) => {
  const app = await openApp(installed)
  const mails = openMailbox(places.mails, installed.admin.email)
  for (const label of ['Stopped', 'Logged out', 'Deleted']) await app.link(label, await newPhone())
  const broken = await newPhone()
  await app.link('Broken', broken)
  await app.confirm('Stopped', 'Stop')
  await app.confirm('Logged out', 'Log out')
  await app.choose('Deleted', 'Delete')
  await app.frame.getByLabel('Type Deleted to confirm').fill('Deleted')
  await app.frame.getByRole('button', { name: 'Delete session' }).click()
  await expect(app.card('Deleted')).toBeHidden()
  // Told after all of these, and the only one.
  await broken.unlink((await broken.view()).devices[0]!.device)
  const told = await mails.until(1)
  expect(told.map(({ subject }) => subject)).toEqual([expect.stringContaining('Broken')])
})
