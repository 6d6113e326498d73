// What is saved on the phone comes into the CRM: after a look at what would happen, and from then on by itself.
import { randomInt } from 'node:crypto'
import { expect, test } from '../fixtures'

/** On WhatsApp, and nobody else's in the sandbox. */
const aNumber = () => `3466${randomInt(1_000_000, 9_999_999)}1`

const namesIn = (contacts: { phone?: string | undefined; firstName?: string; lastName?: string }[]) =>
  Object.fromEntries(
    contacts.map(({ phone, firstName, lastName }) => [phone, [firstName, lastName].filter(Boolean).join(' ')]),
  )

test('saved contacts are counted, confirmed and brought over; what is renamed follows; off ends it', async ({
  crm,
  installed,
  openApp,
  newPhone,
}) => {
  const [ana, ben, carla, dora] = [aNumber(), aNumber(), aNumber(), aNumber()]
  await crm.createContact(installed.id, { name: 'Dr. Ana Ruiz', phone: `+${ana}` })
  const phone = await newPhone()
  await phone.saveContacts([
    { number: ana, name: 'Ana' },
    { number: ben, name: 'Ben Osei' },
    { number: carla, name: 'Carla Díaz' },
  ])
  const app = await openApp(installed)
  const card = await app.link('Sales', phone)
  const toggle = card.getByRole('switch', { name: 'Sync contacts' })
  await toggle.click()
  const dialog = app.frame.getByRole('dialog', { name: 'Sync contacts of Sales' })
  const count = (name: string) => dialog.locator('dl > div').filter({ hasText: name }).getByRole('definition')
  await expect(count('new')).toHaveText('2')
  await expect(count('to update')).toHaveText('1')
  await expect(count('skipped')).toHaveText('0')
  await expect(dialog.getByText('Nothing has been written yet.')).toBeVisible()
  expect(namesIn(await crm.contacts(installed.id))).toEqual({ [`+${ana}`]: 'Dr. Ana Ruiz' })

  await dialog.getByRole('button', { name: 'Sync contacts' }).click()
  await expect(dialog.getByText('The saved contacts are in the CRM.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
  await expect(toggle).toBeChecked()
  const contacts = await crm.contacts(installed.id)
  expect(namesIn(contacts)).toEqual({
    // A name somebody gave in the CRM is theirs.
    [`+${ana}`]: 'Dr. Ana Ruiz',
    [`+${ben}`]: 'Ben Osei',
    [`+${carla}`]: 'Carla Díaz',
  })
  expect(contacts.every(({ tags }) => tags.includes('wa-contact'))).toBe(true)

  await phone.renameContact(ben, 'Benjamin Osei')
  await phone.removeContact(carla)
  await phone.saveContact(dora, 'Dora Lind')
  await expect
    .poll(async () => namesIn(await crm.contacts(installed.id)))
    .toEqual({
      [`+${ana}`]: 'Dr. Ana Ruiz',
      [`+${ben}`]: 'Benjamin Osei',
      // Removed on the phone: nothing is ever deleted.
      [`+${carla}`]: 'Carla Díaz',
      [`+${dora}`]: 'Dora Lind',
    })

  await toggle.click()
  await dialog.getByRole('button', { name: 'Turn off', exact: true }).click()
  await expect(toggle).not.toBeChecked()
  const known = namesIn(await crm.contacts(installed.id))
  await phone.renameContact(dora, 'Dora Later')
  await phone.setName('The Corner Shop')
  await expect(card.getByText('The Corner Shop')).toBeVisible()
  expect(namesIn(await crm.contacts(installed.id))).toEqual(known)
})

test('a sync that waits for the CRM is found as it stands by whoever comes back to the page, and goes on', async ({
  crm,
  installed,
  openApp,
  newPhone,
}) => {
  const phone = await newPhone()
  await phone.saveContacts(['Ana', 'Ben', 'Carla'].map((name) => ({ number: aNumber(), name })))
  const app = await openApp(installed)
  const card = await app.link('Sales', phone)
  await card.getByRole('switch', { name: 'Sync contacts' }).click()
  const dialog = app.frame.getByRole('dialog', { name: 'Sync contacts of Sales' })
  await expect(dialog.getByText('Nothing has been written yet.')).toBeVisible()
  const away = await crm.fault('status', { locationId: installed.id, method: 'POST', path: '/contacts/$', status: 503 })
  await dialog.getByRole('button', { name: 'Sync contacts' }).click()
  await expect(dialog.getByText(/does not answer/)).toBeVisible()

  await app.page.reload()
  const progress = card.getByRole('progressbar', { name: 'Contacts of Sales synced' })
  await expect(progress).toBeVisible()
  await expect(card.getByText('0 of 3', { exact: true })).toBeVisible()
  await card.getByRole('button', { name: 'Look at the progress' }).click()
  await expect(dialog.getByText(/does not answer/)).toBeVisible()
  expect(await crm.contacts(installed.id)).toEqual([])

  await crm.clearFaults(away)
  await expect(dialog.getByText('The saved contacts are in the CRM.')).toBeVisible({ timeout: 90_000 })
  await app.page.keyboard.press('Escape')
  await expect(progress).toBeHidden()
  expect(await crm.contacts(installed.id)).toHaveLength(3)
})

test('the name of the profile is shown on the card, and follows the phone', async ({
  installed,
  openApp,
  newPhone,
}) => {
  const phone = await newPhone()
  const app = await openApp(installed)
  const card = await app.link('Sales', phone)
  await phone.setName('The Corner Shop')
  await expect(card.getByText('The Corner Shop')).toBeVisible()
})
