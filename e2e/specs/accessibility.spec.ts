// No page keeps anybody out: axe with every rule it has, in the states people meet, at both widths, light and dark.
import AxeBuilder from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { expect, test } from '../fixtures'
import type { AppFrame } from './app-frame'

const looks = [
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 1280, height: 800, colorScheme: 'dark' },
  { width: 360, height: 740, colorScheme: 'light' },
  { width: 360, height: 740, colorScheme: 'dark' },
] as const

type Look = (typeof looks)[number]

export async function putOn(page: Page, { width, height, colorScheme }: Look): Promise<void> {
  await page.setViewportSize({ width, height })
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
}

/** Every rule; what is around the app's frame belongs to the CRM. */
export async function expectAccessible(app: AppFrame, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page: app.page })
    .include(['iframe[title="Trunkline"]', 'html'])
    .analyze()
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.map(({ target, html }) => ({ target, html })),
  }))
  expect(found, what).toEqual([])
}

test('the sessions tab, in every look', async ({ agency, installed, openApp, newPhone, page, anotherBrowser }) => {
  test.setTimeout(240_000)
  const [sales, support] = [await newPhone({ name: 'Sales desk' }), await newPhone()]
  const app = await openApp(installed)
  await expect(app.addButton).toBeVisible()
  for (const look of looks) {
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
    await check('deleting')
    await page.keyboard.press('Escape')
    await app.card('Front desk').getByRole('tab', { name: 'Pairing code' }).click()
    await check('pairing code')
    await app.card('Front desk').getByRole('tab', { name: 'QR code' }).click()
  }

  const uma = await agency.addUser(installed, 'user')
  const theirs = await openApp(installed, { as: uma, page: await (await anotherBrowser()).newPage() })
  await expect(theirs.card('Sales')).toBeVisible()
  for (const look of looks) {
    await putOn(theirs.page, look)
    await expectAccessible(theirs, `to a location user, ${look.width} ${look.colorScheme}`)
  }
})
