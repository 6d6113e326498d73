// Into the CRM and out of it again.
import { expect, test } from '../fixtures'
import { AppFrame } from './app-frame'

test('an admin installs it in one sub-account and finds it in the CRM', async ({ page, places, subAccount, actAs }) => {
  await actAs(subAccount.admin)
  await page.goto(places.crm)
  const card = page.getByRole('article').filter({ hasText: subAccount.name })
  await card.getByRole('link', { name: 'Install' }).click()
  await page.getByRole('link', { name: `Install in ${subAccount.name}` }).click()
  await expect(page.getByRole('radio', { name: subAccount.name })).toBeChecked()
  await page.getByRole('button', { name: 'Install' }).click()
  await expect(page.getByRole('heading', { name: 'Installed' })).toBeVisible()
  await page.getByRole('link', { name: 'Open your CRM' }).click()
  await expect(card.getByText('Trunkline installed')).toBeVisible()
  await card.getByRole('link', { name: 'Open Trunkline' }).click()
  const app = new AppFrame(page)
  await expect(app.frame.getByRole('heading', { name: subAccount.name })).toBeVisible()
  await expect(app.frame.getByText('No sessions yet')).toBeVisible()
})

test('an agency installs it everywhere at once, in later sub-accounts too', async ({ page, places, agency, actAs }) => {
  const names = [(await agency.addSubAccount('North')).name, (await agency.addSubAccount('South')).name]
  await actAs(agency.owner)
  await page.goto(`${places.crm}/apps`)
  await page.getByRole('link', { name: 'Install in the whole agency' }).click()
  await expect(page.getByRole('radio', { name: /The whole agency/ })).toBeChecked()
  await page.getByRole('button', { name: 'Install' }).click()
  await expect(page.getByText('The app is installed in your sub-accounts.')).toBeVisible()

  await page.goto(places.crm)
  await page.getByRole('button', { name: 'New sub-account' }).click()
  names.push(`Later ${agency.company.id}`)
  await page.getByLabel('Name').fill(names[2]!)
  await page.getByRole('button', { name: 'Create' }).click()
  for (const name of names) {
    const card = page.getByRole('article').filter({ hasText: name })
    await expect(card.getByText('Trunkline installed')).toBeVisible()
  }
  await page.getByRole('link', { name: 'Trunkline for the agency' }).click()
  const { frame } = new AppFrame(page)
  await expect(frame.getByRole('heading', { name: 'Sub-accounts' })).toBeVisible()
  for (const name of names.slice(0, 2)) await expect(frame.getByRole('link', { name })).toBeVisible()
  // The list is asked for when the page opens; the CRM tells of a later sub-account a moment after it is there.
  await expect(async () => {
    await page.reload()
    await expect(frame.getByRole('link', { name: names[2]! })).toBeVisible({ timeout: 10_000 })
  }).toPass({ timeout: 60_000 })
  await frame.getByRole('link', { name: names[0]! }).click()
  await expect(frame.getByRole('heading', { name: names[0]! })).toBeVisible()
  await expect(frame.getByText('No sessions yet')).toBeVisible()
  await frame.getByRole('link', { name: 'All sub-accounts' }).click()
  await expect(frame.getByRole('heading', { name: 'Sub-accounts' })).toBeVisible()
})

test('an uninstall stops everything: the phone is unlinked, nothing is sent, the page knows nobody', async ({
  page,
  places,
  context,
  installed,
  expectedComplaints,
  openApp,
  openInbox,
  newPhone,
  crm,
}) => {
  // The page that was open asks once more, with a token that has ended; the CRM says that it has no channel to write on.
  expectedComplaints.push(/status of 40[14]/, /control\/write/)
  const [business, ana] = [await newPhone(), await newPhone()]
  const app = await openApp(installed)
  await app.link('Sales', business)
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana', `+${ana.number}`)
  await inbox.write('before')
  await ana.waitForText(business, 'before')

  const apps = await context.newPage()
  await apps.goto(`${places.crm}/apps`)
  apps.once('dialog', (dialog) => void dialog.accept())
  await apps.getByRole('button', { name: `Uninstall from ${installed.name}` }).click()
  await expect(apps.getByRole('link', { name: `Install in ${installed.name}` })).toBeVisible()
  await app.showMessages()
  await expect(app.frame.getByText(/no access|could not be signed in|cannot be reached/i).first()).toBeVisible()
  await page.reload()
  await expect(page.getByText(`Trunkline is not installed in ${installed.name}.`)).toBeVisible()
  await business.waitForChange(async () => ((await business.view()).devices.length === 0 ? true : undefined))

  // The CRM has nobody to hand a message to any more.
  await inbox.page.getByRole('textbox', { name: 'Message' }).fill('after')
  await inbox.page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect(inbox.page.getByRole('alert')).not.toBeEmpty()
  await ana.sendText(business, 'nobody at home')
  await business.waitForText(ana, 'nobody at home')
  const received = (await crm.history()).filter((event) => event.kind === 'message-posted')
  expect(received.filter((event) => event.locationId === installed.id)).toEqual([])
})
