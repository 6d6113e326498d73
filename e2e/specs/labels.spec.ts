// Labels of a business phone and tags of the CRM, as the person with the phone and the one at the inbox see them.
import { expect, test } from '../fixtures'

test('labels of a business phone become tags, follow it, and chosen tags become labels on it', async ({
  crm,
  installed,
  openApp,
  newPhone,
}) => {
  const business = await newPhone({ platform: 'smba' })
  const ana = await newPhone({ name: 'Ana' })
  const lead = await business.createLabel('New Lead')
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  await ana.sendText(business, 'Hello')
  await expect.poll(async () => (await crm.contacts(installed.id)).length).toBe(1)
  await business.labelChat(ana, lead)
  const [contact] = await crm.contacts(installed.id)
  const labelTags = async () =>
    (await crm.contacts(installed.id))[0]!.tags.filter((tag) => !tag.startsWith('wa-')).toSorted()

  // Nothing is written before it has been looked at.
  const toggle = card.getByRole('switch', { name: 'Sync labels' })
  await toggle.click()
  const dialog = app.frame.getByRole('dialog', { name: 'Sync labels of Sales' })
  const count = (name: string) => dialog.locator('dl > div').filter({ hasText: name }).getByRole('definition')
  await expect(dialog.getByText('Nothing has been written yet.')).toBeVisible()
  await expect(count('tag to add')).toHaveText('1')
  await expect(dialog.getByRole('listitem').filter({ hasText: 'New Lead' })).toContainText('new lead')
  expect(await labelTags()).toEqual([])
  await dialog.getByRole('button', { name: 'Sync labels' }).click()
  await expect.poll(labelTags).toEqual(['new lead'])
  await expect(dialog.getByText('Labels of the phone become tags')).toBeVisible()

  // The other way is a switch of its own, for tags that were chosen.
  await dialog.getByRole('switch', { name: 'Push tags' }).click()
  await expect(dialog.getByRole('switch', { name: 'Push tags' })).toBeChecked()
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
  await expect(toggle).toBeChecked()
  await app.frame.getByRole('link', { name: 'Settings', exact: true }).click()
  await app.frame.getByLabel('Tags that become labels').fill('VIP')
  await app.frame.getByLabel('Tags that become labels').press('Enter')
  await expect(app.frame.getByRole('status', { name: 'Saving' })).toContainText('Saved')

  // The phone: renamed, put, taken off, deleted.
  await business.renameLabel(lead, 'Hot lead')
  await expect.poll(labelTags).toEqual(['hot lead'])
  const paid = await business.createLabel('Paid')
  await business.labelChat(ana, paid)
  await expect.poll(labelTags).toEqual(['hot lead', 'paid'])
  await business.labelChat(ana, paid, false)
  await expect.poll(labelTags).toEqual(['hot lead'])

  // The CRM: a person, then a workflow.
  await crm.tagContact(contact!, { add: ['vip', 'other'] })
  await business.waitForLabels(ana, ['Hot lead', 'vip'])
  await crm.tagContact(contact!, { remove: ['vip'], as: 'workflow' })
  await business.waitForLabels(ana, ['Hot lead'])

  await business.deleteLabel(lead)
  await expect.poll(labelTags).toEqual(['other'])
})

test('a phone without labels says why they cannot be synced', async ({ installed, openApp, newPhone }) => {
  const app = await openApp(installed)
  const card = await app.link('Private', await newPhone())
  await expect(card.getByText('Only WhatsApp Business has labels')).toBeVisible()
  await expect(card.getByRole('switch', { name: 'Sync labels' })).toBeDisabled()
})

test('a phone that has all the labels there can be: the dialog names the one that was not made', async ({
  crm,
  installed,
  openApp,
  newPhone,
}) => {
  const [business, ana] = [await newPhone({ platform: 'smba' }), await newPhone({ name: 'Ana' })]
  for (let n = 1; n <= 20; n++) await business.createLabel(`Label ${n}`)
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  await ana.sendText(business, 'Hello')
  await expect.poll(async () => (await crm.contacts(installed.id)).length).toBe(1)
  await app.frame.getByRole('link', { name: 'Settings', exact: true }).click()
  await app.frame.getByLabel('Tags that become labels').fill('vip')
  await app.frame.getByLabel('Tags that become labels').press('Enter')
  await expect(app.frame.getByRole('status', { name: 'Saving' })).toContainText('Saved')

  await app.showSessions()
  await card.getByRole('switch', { name: 'Sync labels' }).click()
  const dialog = app.frame.getByRole('dialog', { name: 'Sync labels of Sales' })
  await expect(dialog.getByText('Nothing has been written yet.')).toBeVisible()
  await dialog.getByRole('switch', { name: 'Push tags' }).click()
  await expect(dialog.getByRole('switch', { name: 'Push tags' })).toBeChecked()
  const [contact] = await crm.contacts(installed.id)
  await crm.tagContact(contact!, { add: ['vip'] })
  const notice = dialog.getByText(/^The label “vip” was not made: the phone already has 20/)
  await expect(notice).toBeVisible()

  // It is still there for who comes later.
  await app.page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await card.getByRole('switch', { name: 'Sync labels' }).click()
  await expect(dialog.getByText('Nothing has been written yet.')).toBeVisible()
  await expect(notice).toBeVisible()
})
