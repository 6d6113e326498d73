// A number is linked with what the screen shows, and with nothing else.
import { expect, test } from '../fixtures'
import { PhonesPage } from './phones-page'
import { readQr } from './screen-qr'

test('the code is scanned from the screen, and the card shows the number', async ({ installed, openApp, newPhone }) => {
  const phone = await newPhone()
  const app = await openApp(installed)
  const card = await app.addSession('Front desk')
  await expect(card.getByText('Scan QR', { exact: true })).toBeVisible()
  await expect(card.getByText(/New code in \d+ s/)).toBeVisible()
  await app.scan('Front desk', phone)
  await expect(card.getByText('Messages are sent and received.')).toBeVisible()
  const number = card.getByRole('definition').first()
  await expect.poll(async () => (await number.textContent())?.replace(/\D/g, '')).toBe(phone.number)
  await expect(app.qr('Front desk')).toBeHidden()
  expect((await phone.view()).devices).toHaveLength(1)
})

test('the code is dragged into the phone', async ({ context, installed, openApp, newPhone, places }) => {
  const phone = await newPhone()
  const app = await openApp(installed)
  const card = await app.addSession('Dragged')
  const phonesPage = await PhonesPage.open(await context.newPage(), places.phones, phone.number)
  await phonesPage.drop(card.getByTestId('qr'))
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
  await expect(phonesPage.page.getByRole('button', { name: 'Unlink' })).toBeVisible()
})

test('the link is copied into the phone', async ({ context, installed, openApp, newPhone, places }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const phone = await newPhone()
  const app = await openApp(installed)
  const card = await app.addSession('Copied')
  await card.getByRole('button', { name: 'Copy link' }).click()
  await expect(card.getByRole('status').filter({ hasText: /^Copied$/ })).toBeAttached()
  const { page } = await PhonesPage.open(await context.newPage(), places.phones, phone.number)
  await page.getByLabel("The code's link").click()
  await page.keyboard.press('ControlOrMeta+V')
  await page.getByRole('button', { name: 'Link', exact: true }).click()
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
})

test('the pairing code is typed on the phone', async ({
  context,
  installed,
  openApp,
  newPhone,
  places,
  expectedComplaints,
}) => {
  expectedComplaints.push(/status of 429 .*\/pairing-code/)
  const phone = await newPhone()
  const app = await openApp(installed)
  const card = await app.addSession('By code')
  await card.getByRole('tab', { name: 'Pairing code' }).click()
  await card.getByLabel('Phone number with country code').fill('12')
  await card.getByRole('button', { name: 'Get code' }).click()
  await expect(card.getByText('Give the number with its country code, 6 to 15 digits.')).toBeVisible()
  await card.getByLabel('Phone number with country code').fill(`+${phone.number}`)
  await card.getByRole('button', { name: 'Get code' }).click()
  const shown = card.getByLabel('Pairing code', { exact: true }).and(card.locator('p'))
  await expect(shown).toHaveText(/^[A-Z0-9]{8}$/)
  const code = (await shown.textContent())!
  await expect(card.getByText(/Valid for \d:\d\d/)).toBeVisible()
  // Too early for another one, and the first is still good.
  await card.getByRole('button', { name: 'Get a new code' }).click()
  await expect(card.getByText(/^Too often\. Try again in \d+ seconds?\.$/)).toBeVisible()
  await expect(shown).toHaveText(code)

  const { page } = await PhonesPage.open(await context.newPage(), places.phones, phone.number)
  await page.getByLabel('Pairing code').fill(code)
  await page.getByRole('button', { name: 'Link with code' }).click()
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
})

test('a number that another session holds is not linked twice, nor another number where one was', async ({
  installed,
  openApp,
  newPhone,
}) => {
  const [phone, other] = [await newPhone(), await newPhone()]
  const app = await openApp(installed)
  await app.link('First', phone)
  await app.addSession('Second')
  await phone.scan(await readQr(app.qr('Second')))
  await expect(app.status('Second')).toContainText('The scanned number already belongs to the session First.')
  await expect(app.card('First').getByText('Connected', { exact: true })).toBeVisible()
  await phone.waitForChange(async () => ((await phone.view()).devices.length === 1 ? true : undefined))

  await app.confirm('First', 'Log out')
  await app.card('First').getByRole('button', { name: 'Scan again' }).click()
  await other.scan(await readQr(app.qr('First')))
  await expect(app.status('First')).toContainText('Another number was scanned than this session had.')
  await other.waitForChange(async () => ((await other.view()).devices.length === 0 ? true : undefined))
})

test('names are taken once, and the fifth session is the last', async ({ installed, openApp, expectedComplaints }) => {
  expectedComplaints.push(/status of 409 .*\/sessions/)
  const app = await openApp(installed)
  for (const label of ['One', 'Two', 'Three', 'Four']) await app.addSession(label)
  await app.addButton.click()
  const dialog = app.frame.getByRole('dialog', { name: 'Add a session' })
  await dialog.getByLabel('Name').fill(' two ')
  await dialog.getByRole('button', { name: 'Add and show code' }).click()
  await expect(dialog.getByText('Another session already has this name.')).toBeVisible()
  await dialog.getByLabel('Name').fill('Five')
  await dialog.getByRole('button', { name: 'Add and show code' }).click()
  await expect(app.card('Five')).toBeVisible()
  await expect(app.frame.getByText('5 of 5 in use. Delete one to add another.')).toBeVisible()
  await expect(app.addButton).toBeDisabled()
})

test('two tabs show the same code, and both its successor', async ({ context, installed, openApp, newPhone }) => {
  const phone = await newPhone()
  const first = await openApp(installed)
  await first.addSession('Rotating')
  const second = await openApp(installed, { page: await context.newPage() })
  /** Between the look at one and the look at the other the code may have changed. */
  const onBoth = async (before = '') => {
    let text = ''
    await expect(async () => {
      text = await readQr(first.qr('Rotating'))
      expect(text).not.toBe(before)
      expect(await readQr(second.qr('Rotating'))).toBe(text)
    }).toPass({ intervals: [500] })
    return text
  }
  await phone.scan(await onBoth(await onBoth()))
  for (const app of [first, second])
    await expect(app.card('Rotating').getByText('Connected', { exact: true })).toBeVisible()
})
