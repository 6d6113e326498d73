// Who sees what, and on what: roles, strangers, small screens, keyboards.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import es from '@/components/messages/es.json' with { type: 'json' }
import pt from '@/components/messages/pt.json' with { type: 'json' }
import { expect, nameOf, test } from '../fixtures'
import { readQr } from './screen-qr'

test('a location user sees the session and no button that manages it', async ({
  agency,
  installed,
  openApp,
  newPhone,
  anotherBrowser,
}) => {
  const app = await openApp(installed)
  await app.link('Sales', await newPhone())
  const uma = await agency.addUser(installed, 'user')
  const theirs = await openApp(installed, { as: uma, page: await (await anotherBrowser()).newPage() })
  const card = theirs.card('Sales')
  await expect(card.getByText('Connected', { exact: true })).toBeVisible()
  // The moments alone, which say exactly when.
  const buttons = card.getByRole('button').filter({ hasNot: theirs.frame.locator('time') })
  await expect(buttons).toHaveCount(0)
  await expect(card.getByRole('switch').and(theirs.frame.locator(':enabled'))).toHaveCount(0)
  await expect(
    theirs.frame.getByText('Administrators of this sub-account and your agency can change them.'),
  ).toBeVisible()
  await expect(theirs.addButton).toHaveCount(0)
  await expect(theirs.frame.getByRole('link', { name: 'All sub-accounts' })).toHaveCount(0)

  // Scanning is theirs too, where a scan is needed.
  await app.confirm('Sales', 'Log out')
  await expect(card.getByRole('button', { name: 'Scan again' })).toBeVisible()
  await expect(buttons).toHaveCount(1)
})

test('opened outside the CRM, or framed by a stranger, it shows no data', async ({
  page,
  places,
  installed,
  expectedComplaints,
}) => {
  expectedComplaints.push(/frame-ancestors/i, /status of 401 .*\/api\/v1\/me\b/)
  for (const path of ['/embed', `/embed/${installed.id}`, `/embed/${installed.id}/messages`, '/']) {
    await page.goto(`${places.app}${path}`)
    await expect(page.getByRole('heading', { name: 'Open this inside your CRM' })).toBeVisible()
    expect(await page.content()).not.toContain(installed.name)
  }

  const stranger = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<iframe width="800" height="600" src="${places.app}${request.url}"></iframe>`)
  }).listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  try {
    for (const path of ['/embed', `/embed/${installed.id}`, '/']) {
      await page.goto(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}${path}`)
      // A frame the browser refuses to show has this address in it; not every Chromium says so in words.
      await expect.poll(() => page.frames()[1]?.url()).toBe('chrome-error://chromewebdata/')
    }
  } finally {
    stranger.close()
  }
})

test('user data that the CRM did not make opens nothing', async ({ page, installed, openApp, expectedComplaints }) => {
  expectedComplaints.push(/status of 401/)
  await page.route('**/control/sso', (route) =>
    route.fulfill({ json: { payload: Buffer.from(`Salted__${'0'.repeat(56)}`).toString('base64') } }),
  )
  const app = await openApp(installed)
  await expect(app.frame.getByText('You could not be signed in')).toBeVisible()
  expect(await app.frame.locator('body').innerText()).not.toContain(installed.name)
})

test('on a small screen everything fits, and the code can be scanned', async ({
  context,
  installed,
  openApp,
  openInbox,
  newPhone,
  page,
}) => {
  await page.setViewportSize({ width: 360, height: 740 })
  const business = await newPhone()
  const ana = await newPhone()
  const app = await openApp(installed)
  const fits = async (what: string) => {
    const overflow = await app.frame
      .locator('html')
      .evaluate((html) => Math.max(html.scrollWidth - html.clientWidth, document.body.scrollWidth - html.clientWidth))
    expect(overflow, `${what} scrolls sideways`).toBeLessThanOrEqual(0)
  }
  await expect(app.addButton).toBeVisible()
  await fits('the empty list')
  await app.addButton.click()
  await expect(app.frame.getByRole('dialog')).toBeInViewport({ ratio: 1 })
  await app.frame.getByRole('button', { name: 'Cancel' }).click()
  await app.addSession('A session with a name that is as long as names may be'.slice(0, 50))
  const label = 'A session with a name that is as long as names may be'.slice(0, 50)
  // What was asked for is what one sees, without looking for it.
  await expect(app.qr(label)).toBeInViewport({ ratio: 1 })
  await readQr(app.qr(label))
  await fits('the code')
  await app.scan(label, business)
  await fits('the connected card')

  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana', `+${ana.number}`)
  await inbox.write(`#WH9 ${'x'.repeat(200)}`)
  await app.showMessages()
  await expect(app.frame.getByText('The session does not exist')).toBeVisible()
  await fits('the log')
  const text = app.frame.getByText(/x{200}/)
  const less = await text.evaluate((element) => element.clientHeight)
  await app.frame.getByRole('button', { name: 'Show all of it' }).click()
  await expect(app.frame.getByRole('button', { name: 'Show less' })).toBeVisible()
  expect(await text.evaluate((element) => element.clientHeight)).toBeGreaterThan(less)
  await fits('the whole message')
})

test('a session is added, linked and renamed with the keyboard alone', async ({
  installed,
  openApp,
  newPhone,
  page,
}) => {
  const phone = await newPhone()
  const app = await openApp(installed)
  await app.addButton.focus()
  await page.keyboard.press('Enter')
  const dialog = app.frame.getByRole('dialog', { name: 'Add a session' })
  await expect(dialog.getByLabel('Name')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(app.addButton).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialog.getByLabel('Name')).toBeFocused()
  await page.keyboard.type('Sales')
  await page.keyboard.press('Enter')
  await expect(app.card('Sales')).toBeVisible()

  await expect(app.card('Sales').getByRole('tab', { name: 'QR code' })).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(app.card('Sales').getByRole('tab', { name: 'Pairing code' })).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await app.scan('Sales', phone)
  await app.card('Sales').getByRole('button', { name: 'Done' }).press('Enter')
  await expect(app.card('Sales')).toBeFocused()

  const pencil = app.card('Sales').getByRole('button', { name: 'Rename Sales' })
  await pencil.focus()
  await page.keyboard.press('Enter')
  const name = app.card('Sales').getByLabel('Name of the session')
  await expect(name).toBeFocused()
  await page.keyboard.type('Nothing')
  await page.keyboard.press('Escape')
  await expect(pencil).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(name).toBeFocused()
  await page.keyboard.type('Support')
  await page.keyboard.press('Enter')
  await expect(app.card('Support')).toBeVisible()
  await expect(app.card('Support').getByRole('button', { name: 'Rename Support' })).toBeFocused()

  const user = app.card('Support').getByRole('button', { name: 'Assigned user of Support: Nobody' })
  await user.focus()
  await page.keyboard.press('Enter')
  await expect(app.frame.getByRole('combobox', { name: 'Search users' })).toBeFocused()
  await page.keyboard.type(nameOf(installed.admin))
  await expect(app.frame.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  const assigned = app.card('Support').getByRole('button', {
    name: `Assigned user of Support: ${nameOf(installed.admin)}`,
  })
  await expect(assigned).toBeFocused()

  const priority = app.card('Support').getByRole('button', { name: 'Change the priority of Support' })
  await priority.focus()
  await page.keyboard.press('Enter')
  await expect(app.frame.getByLabel('New priority')).toBeFocused()
  await page.keyboard.press('3')
  await expect(
    app.frame.getByText('Messages with #WH1 will no longer find a session, #WH3 from Support.'),
  ).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(app.frame.getByRole('dialog')).toBeHidden()
  await expect(priority).toBeFocused()
  await expect(app.card('Support').getByText('#WH3', { exact: true })).toBeVisible()

  const actions = app.card('Support').getByRole('button', { name: 'Actions for Support' })
  await actions.focus()
  await page.keyboard.press('Enter')
  await expect(app.frame.getByRole('menu')).toBeVisible()
  await page.keyboard.press('End')
  await expect(app.frame.getByRole('menuitem', { name: 'Delete' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(app.frame.getByRole('dialog', { name: 'Delete Support?' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(actions).toBeFocused()
})

test('a tab of its own shows the same, live, to whom the frame vouched for, and the code works once', async ({
  context,
  page,
  installed,
  openApp,
  newPhone,
  anotherBrowser,
  expectedComplaints,
}) => {
  const app = await openApp(installed)
  const [tab] = await Promise.all([
    context.waitForEvent('page'),
    app.frame.getByRole('button', { name: 'Open in a new tab' }).click(),
  ])
  await expect(tab.getByRole('heading', { name: installed.name })).toBeVisible()
  await app.link('Sales', await newPhone())
  await expect(tab.getByRole('article', { name: 'Sales' }).getByText('Connected', { exact: true })).toBeVisible()
  await tab.reload()
  await expect(tab.getByRole('article', { name: 'Sales' })).toBeVisible()
  expect(tab.url()).not.toContain('#')

  // The address is taken on its way to the tab, spent there, and brought to another browser.
  const asked = page.waitForResponse(/\/api\/sso\/tab-code$/)
  const [second] = await Promise.all([
    context.waitForEvent('page'),
    app.frame.getByRole('button', { name: 'Open in a new tab' }).click(),
  ])
  await expect(second.getByRole('article', { name: 'Sales' })).toBeVisible()
  const { url } = (await (await asked).json()) as { url: string }
  expectedComplaints.push(/status of 401 .*callback\/tab-code/)
  const stolen = await (await anotherBrowser()).newPage()
  await stolen.goto(url)
  await expect(stolen.getByText('This link was used or is too old.')).toBeVisible()

  // Left open it would be refused as well, and complain.
  await tab.close()
  // Signed out, the cookie is good for nobody, whoever has kept it.
  const cookies = await context.cookies(tab.url())
  await second.getByRole('button', { name: 'Sign out' }).click()
  await expect(second.getByText('Open this inside your CRM')).toBeVisible()
  await context.addCookies(cookies)
  const asking = await context.request.get(new URL('/api/v1/me', tab.url()).href)
  expect(asking.status()).toBe(401)
})

for (const [locale, add, empty] of [
  ['es-MX', es.sessions.add, es.sessions.empty],
  ['pt-BR', pt.sessions.add, pt.sessions.empty],
] as const) {
  test(`it speaks ${locale} to whose browser does`, async ({ installed, openApp, anotherBrowser }) => {
    const { frame } = await openApp(installed, { page: await (await anotherBrowser({ locale })).newPage() })
    await expect(frame.getByRole('button', { name: add })).toBeVisible()
    await expect(frame.getByText(empty)).toBeVisible()
    expect(await frame.locator('html').getAttribute('lang')).toMatch(new RegExp(`^${locale.slice(0, 2)}`))
  })
}
