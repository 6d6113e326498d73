// No page keeps anybody out: axe with every rule it has, in the states people meet, at both widths, light and dark.
import type { Locator } from '@playwright/test'
import { expect, test } from '../fixtures'
import { expectAccessible, looks, putOn, twoLooks } from './accessible'

test('the sessions tab, in every look', async ({ agency, installed, openApp, newPhone, page, anotherBrowser }) => {
  test.setTimeout(240_000)
  const [sales, support] = [await newPhone({ name: 'Sales desk' }), await newPhone()]
  const app = await openApp(installed)
  await expect(app.addButton).toBeVisible()
  for (const look of twoLooks) {
    await putOn(page, look)
    await expectAccessible(app, `nothing there yet, ${look.width} ${look.colorScheme}`)
  }
  await app.link('Sales', sales)
  await app.link('Support', support)
  await app.confirm('Support', 'Log out')
  await app.addSession('Front desk')
  await expect(app.qr('Front desk')).toBeVisible()

  for (const look of looks) {
    await putOn(page, look)
    const check = (what: string) => expectAccessible(app, `${what}, ${look.width} ${look.colorScheme}`)
    await check('cards with a code, linked and logged out')
    // Each width and each scheme once for what opens over the page.
    if ((look.width === 1280) !== (look.colorScheme === 'light')) continue
    const opened: [string, Locator, Locator][] = [
      ['adding', app.addButton, app.frame.getByRole('dialog')],
      [
        'renaming',
        app.card('Sales').getByRole('button', { name: 'Rename Sales' }),
        app.frame.getByLabel('Name of the session'),
      ],
      [
        'priority',
        app.card('Sales').getByRole('button', { name: 'Change the priority of Sales' }),
        app.frame.getByRole('dialog'),
      ],
      [
        'users',
        app.card('Sales').getByRole('button', { name: /^Assigned user/ }),
        app.frame.getByRole('option').first(),
      ],
      [
        'account tag',
        app.card('Sales').getByRole('button', { name: 'Change the account tag of Sales' }),
        app.frame.getByRole('dialog'),
      ],
      [
        'effects',
        app.card('Sales').getByRole('button', { name: /^What being assigned/ }),
        app.frame.getByRole('dialog'),
      ],
      ['menu', app.card('Sales').getByRole('button', { name: 'Actions for Sales' }), app.frame.getByRole('menu')],
      [
        'moment',
        app
          .card('Sales')
          .getByRole('button', { name: 'just now' })
          .or(app.card('Sales').getByRole('button', { name: / ago$/ }))
          .first(),
        app.frame.getByRole('tooltip'),
      ],
    ]
    for (const [what, opener, shown] of opened) {
      await opener.click()
      await expect(shown).toBeVisible()
      if (what === 'priority') {
        await app.frame.getByLabel('New priority').selectOption('2')
        await expect(app.frame.getByText(/will now leave/)).toBeVisible()
      }
      await check(what)
      await page.keyboard.press('Escape')
      await expect(shown).toBeHidden()
    }
    await app.choose('Sales', 'Delete')
    await expect(app.frame.getByRole('dialog')).toBeVisible()
    await check('deleting')
    await page.keyboard.press('Escape')
    await app.card('Front desk').getByRole('tab', { name: 'Pairing code' }).click()
    await check('pairing code')
    await app.card('Front desk').getByRole('tab', { name: 'QR code' }).click()
  }

  const uma = await agency.addUser(installed, 'user')
  const theirs = await openApp(installed, { as: uma, page: await (await anotherBrowser()).newPage() })
  await expect(theirs.card('Sales')).toBeVisible()
  for (const look of twoLooks) {
    await putOn(theirs.page, look)
    await expectAccessible(theirs, `to a location user, ${look.width} ${look.colorScheme}`)
  }
})

test('routing, settings, banners and the sync dialogs, at each width and in each scheme', async ({
  context,
  crm,
  installed,
  openApp,
  openInbox,
  newPhone,
  page,
}) => {
  test.setTimeout(240_000)
  const [business, ana] = [await newPhone({ platform: 'smba' }), await newPhone()]
  await business.saveContacts([{ number: ana.number, name: 'Ana' }])
  await business.createLabel('Hot lead')
  await crm.createContact(installed.id, { name: 'Ana Torres', phone: `+${ana.number}` })
  const app = await openApp(installed)
  const { frame } = app
  await app.link('Sales', business)
  await app.link('Support', await newPhone())
  await app.confirm('Support', 'Log out')
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.choose('Ana Torres')
  await expect((await inbox.write('#WH9 hello')).getByText('Failed', { exact: true })).toBeVisible()
  await inbox.page.close()
  const go = (name: string) => frame.getByRole('link', { name, exact: true }).click()
  /** What is open stays open while the page is looked at. */
  const check = async (what: string) => {
    for (const look of twoLooks) {
      await putOn(page, look)
      await expectAccessible(app, `${what}, ${look.width} ${look.colorScheme}`)
    }
  }

  await go('Routing')
  await expect(frame.getByText('No rules yet')).toBeVisible()
  await check('routing without rules')
  await frame.getByRole('button', { name: 'Add rule' }).click()
  const dialog = frame.getByRole('dialog', { name: 'Add a rule' })
  await dialog.getByRole('button', { name: 'Add rule' }).click()
  await dialog.getByRole('combobox', { name: 'Country of the number' }).fill('sp')
  await expect(dialog.getByRole('listbox')).toBeVisible()
  await check('a rule without a session, and a list of countries')
  await dialog.getByRole('listbox').getByRole('option').first().click()
  await dialog.getByLabel('Send on').selectOption({ index: 1 })
  await dialog.getByRole('button', { name: 'Add rule' }).click()
  await expect(frame.getByRole('status', { name: 'Saving' })).toContainText('Saved: rule added')
  const why = frame.getByRole('region', { name: 'Why?', exact: true })
  await why.getByRole('combobox', { name: 'Contact' }).fill('ana')
  await why.getByRole('option', { name: /Ana Torres/ }).click()
  await why.getByLabel('Text', { exact: true }).fill('hello')
  await why.getByRole('button', { name: 'Show the session' }).click()
  await expect(why.getByText('Sales would send it')).toBeVisible()
  await frame.getByLabel('Hold messages for').fill('99')
  await frame.getByLabel('Hold messages for').press('Enter')
  await expect(frame.getByText('Give a whole number from 0 to 60.')).toBeVisible()
  await check('rules, what was saved, what was refused, and an answer')

  await go('Settings')
  await frame.getByLabel('Tags that become labels').fill('vip')
  await frame.getByLabel('Tags that become labels').press('Enter')
  await expect(frame.getByText('vip', { exact: true })).toBeVisible()
  await check('settings')

  await go('Messages')
  await frame.getByRole('button', { name: 'Why?' }).click()
  await expect(frame.getByRole('list', { name: 'How it was decided' })).toBeVisible()
  await check('a message and its trace')

  await go('Sessions')
  for (const what of ['contacts', 'labels'] as const) {
    await app
      .card('Sales')
      .getByRole('switch', { name: `Sync ${what}` })
      .click()
    const sync = frame.getByRole('dialog', { name: `Sync ${what} of Sales` })
    await expect(sync.getByText('Nothing has been written yet')).toBeVisible()
    await check(`before the ${what} are synced`)
    await page.keyboard.press('Escape')
    await expect(sync).toBeHidden()
  }

  const [device] = (await business.view()).devices
  await business.unlink(device!.device)
  const strip = frame.getByRole('region', { name: 'State of the sessions' })
  await expect(strip).toContainText('Sales needs you')
  await go('Messages')
  await check('a session that needs somebody')
  await strip.getByRole('button', { name: 'Details' }).click()
  await expect(frame.getByRole('dialog', { name: 'Sessions that need attention' })).toBeVisible()
  await check('the list of those')
})
