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

test('the pairing code is typed on the phone', async ({ context, installed, openApp, newPhone, places }) => {
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

  const { page } = await PhonesPage.open(await context.newPage(), places.phones, phone.number)
  await page.getByLabel('Pairing code').fill(code)
  await page.getByRole('button', { name: 'Link with code' }).click()
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
})

test('two tabs show the same code, and both its successor', async ({ context, installed, openApp, newPhone }) => {
  test.setTimeout(150_000)
  const phone = await newPhone()
  const first = await openApp(installed)
  await first.addSession('Rotating')
  const second = await openApp(installed, { page: await context.newPage() })
  const shown = await readQr(first.qr('Rotating'))
  expect(await readQr(second.qr('Rotating'))).toBe(shown)

  // WhatsApp's own rhythm: the first code lives 60 s.
  await expect.poll(() => readQr(first.qr('Rotating')), { timeout: 80_000, intervals: [1_000] }).not.toBe(shown)
  const next = await readQr(first.qr('Rotating'))
  await expect.poll(() => readQr(second.qr('Rotating'))).toBe(next)
  await phone.scan(next)
  for (const app of [first, second])
    await expect(app.card('Rotating').getByText('Connected', { exact: true })).toBeVisible()
})
