// What a card lets people change, and what it says while others change it too.
import type { Locator } from '@playwright/test'
import { expect, nameOf, test } from '../fixtures'
import { readQr } from './screen-qr'

test('two people swap priorities at once: the first is obeyed, the second is told and looks again', async ({
  context,
  installed,
  openApp,
  openInbox,
  newPhone,
  expectedComplaints,
}) => {
  expectedComplaints.push(/status of 409 .*\/priority/)
  const [sales, support, ana] = [await newPhone(), await newPhone(), await newPhone()]
  const first = await openApp(installed)
  await first.link('Sales', sales)
  await first.link('Support', support)
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana', `+${ana.number}`)
  await expect((await inbox.write('#WH2 from the second')).getByText('Delivered')).toBeVisible()
  const second = await openApp(installed, { page: await context.newPage() })
  const fact = (label: string, name: string) =>
    second.card(label).getByRole('term').filter({ hasText: name }).locator('xpath=following-sibling::dd')
  await expect(fact('Support', 'Delivered')).toHaveText('100% of 1')
  await expect(fact('Support', 'Last message')).toHaveText(/now|ago/i)
  await expect(fact('Sales', 'Delivered')).toHaveText('Nothing sent')
  await expect(fact('Sales', 'Last message')).toHaveText('None yet')

  const dialogOf = async (app: typeof first, label: string, to: string) => {
    await app
      .card(label)
      .getByRole('button', { name: `Change the priority of ${label}` })
      .click()
    const dialog = app.frame.getByRole('dialog', { name: `Priority of ${label}` })
    await dialog.getByLabel('New priority').selectOption(to)
    return dialog
  }
  const ours = await dialogOf(first, 'Sales', '2')
  const theirs = await dialogOf(second, 'Support', '4')
  await expect(ours.getByText('Messages with #WH1 will now leave from Support, #WH2 from Sales.')).toBeVisible()
  await expect(ours.getByText('#WH1: 0 messages in the last 30 days')).toBeVisible()
  await expect(ours.getByText('#WH2: 1 message in the last 30 days')).toBeVisible()
  await expect(theirs.getByText('Messages with #WH2 will no longer find a session, #WH4 from Support.')).toBeVisible()

  await ours.getByRole('button', { name: 'Change priority' }).click()
  await expect(ours).toBeHidden()
  await expect(first.frame.getByRole('article').first()).toHaveAccessibleName('Support')

  await theirs.getByRole('button', { name: 'Change priority' }).click()
  await expect(theirs.getByRole('alert')).toContainText('changed by someone else')
  // As it is now: Support has become the first.
  await expect(theirs.getByText('Messages with #WH1 will no longer find a session, #WH4 from Support.')).toBeVisible()
  await theirs.getByRole('button', { name: 'Change priority' }).click()
  await expect(theirs).toBeHidden()
  for (const app of [first, second]) {
    await expect(app.card('Support').getByText('#WH4', { exact: true })).toBeVisible()
    await expect(app.card('Sales').getByText('#WH2', { exact: true })).toBeVisible()
  }
})

test('a session somebody adds is linked by them: other pages get its card, not its code', async ({
  context,
  installed,
  openApp,
}) => {
  const first = await openApp(installed)
  const second = await openApp(installed, { page: await context.newPage() })
  await expect(second.frame.getByText('No sessions yet')).toBeVisible()
  await first.addSession('Sales')
  await expect(first.qr('Sales')).toBeVisible()
  await expect(second.card('Sales').getByText('Scan QR', { exact: true })).toBeVisible()
  await expect(second.frame.getByRole('region', { name: 'Link Sales' })).toBeHidden()
  await second.card('Sales').getByRole('button', { name: 'Show code' }).click()
  await expect(second.qr('Sales')).toBeVisible()
})

test('a name is changed where it stands; one that is taken is refused beside it', async ({
  installed,
  openApp,
  page,
  expectedComplaints,
}) => {
  expectedComplaints.push(/status of 409 .*\/sessions/)
  const app = await openApp(installed)
  await app.addSession('Sales')
  await app.addSession('Salse')
  const card = app.card('Salse')
  await card.getByRole('button', { name: 'Rename Salse' }).click()
  const name = card.getByLabel('Name of the session')
  await name.fill(' ')
  await page.keyboard.press('Enter')
  await expect(card.getByText('Give the session a name.')).toBeVisible()
  await name.fill(' sales ')
  await page.keyboard.press('Enter')
  await expect(card.getByText('Another session already has this name.')).toBeVisible()
  await expect(name).toHaveAccessibleDescription(/already has this name/)
  await page.keyboard.press('Escape')
  await expect(name).toBeHidden()
  await expect(card.getByRole('heading', { name: 'Salse' })).toBeVisible()
  await app.rename('Salse', 'Support')
})

test('a session is given to a user, told what that means, and taken back', async ({ agency, installed, openApp }) => {
  const uma = nameOf(await agency.addUser(installed, 'user'))
  const app = await openApp(installed)
  const card = await app.addSession('Sales')
  await card.getByRole('button', { name: 'Assigned user of Sales: Nobody' }).click()
  const search = app.frame.getByRole('combobox', { name: 'Search users' })
  await search.fill('nobody is called this')
  await expect(app.frame.getByText('No user matches')).toBeVisible()
  await search.fill(uma)
  await app.frame.getByRole('option', { name: uma }).click()
  const chosen = card.getByRole('button', { name: `Assigned user of Sales: ${uma}` })
  await expect(chosen).toBeVisible()

  await card.getByRole('button', { name: 'What being assigned to Sales means' }).click()
  const panel = app.frame.getByRole('dialog', { name: 'What the assigned user of Sales gets' })
  const routes = panel.getByRole('switch', { name: 'Their messages leave here' })
  const known = panel.getByRole('switch', { name: 'Known contacts that write here become theirs' })
  await expect(routes).toBeChecked()
  await expect(panel.getByRole('switch', { name: 'New contacts become theirs' })).toBeChecked()
  await expect(known).not.toBeChecked()
  const saved = (change: RegExp, control: Locator) =>
    Promise.all([
      app.page.waitForResponse((answer) => change.test(answer.request().postData() ?? '') && answer.ok()),
      control.click(),
    ])
  await saved(/routesForUser/, routes)
  await saved(/if_unassigned/, known)
  await saved(/always/, panel.getByRole('radio', { name: 'All of them, also those of other users' }))
  await expect(panel.getByRole('radio', { name: 'All of them, also those of other users' })).toBeChecked()
  await panel.getByRole('button', { name: 'Done' }).click()

  // Somebody who comes later finds it as it was left.
  await app.page.reload()
  await expect(chosen).toBeVisible()
  await card.getByRole('button', { name: 'What being assigned to Sales means' }).click()
  await expect(routes).not.toBeChecked()
  await expect(known).toBeChecked()
  await expect(panel.getByRole('radio', { name: 'All of them, also those of other users' })).toBeChecked()
  await panel.getByRole('button', { name: 'Done' }).click()
  await chosen.click()
  await app.frame.getByRole('option', { name: 'Assign nobody' }).click()
  await expect(card.getByRole('button', { name: 'Assigned user of Sales: Nobody' })).toBeVisible()
})

test('another number is refused, then taken when the number is replaced', async ({ installed, openApp, newPhone }) => {
  const [old, other] = [await newPhone(), await newPhone()]
  const app = await openApp(installed)
  const card = await app.link('Sales', old)
  await expect(card.getByText(`+${old.number}`)).toBeVisible()
  await app.confirm('Sales', 'Log out')
  await expect(card.getByText('Re-scan needed', { exact: true })).toBeVisible()
  await app.choose('Sales', 'Link again')
  await other.scan(await readQr(app.qr('Sales')))
  await expect(app.status('Sales')).toContainText('Another number was scanned than this session had.')
  await other.waitForChange(async () => ((await other.view()).devices.length === 0 ? true : undefined))

  await app.choose('Sales', 'Replace the number')
  const dialog = app.frame.getByRole('dialog', { name: 'Replace the number of Sales?' })
  await expect(dialog).toContainText(`+${old.number}`)
  await dialog.getByRole('button', { name: 'Replace and show code' }).click()
  await app.scan('Sales', other)
  await expect(card.getByText(`+${other.number}`)).toBeVisible()
})

test('a number of another sub-account is named to their agency alone', async ({
  agency,
  crm,
  installed,
  openApp,
  newPhone,
  anotherBrowser,
}) => {
  const phone = await newPhone()
  const elsewhere = await agency.addSubAccount('Quay')
  await crm.install(elsewhere.id, { as: elsewhere.admin.id })
  await (await openApp(elsewhere, { page: await (await anotherBrowser()).newPage() })).link('Front desk', phone)
  const app = await openApp(installed)
  await app.addSession('Sales')
  await phone.scan(await readQr(app.qr('Sales')))
  await expect(app.status('Sales')).toContainText('The scanned number already belongs to another session.')
  await expect(app.status('Sales')).not.toContainText('Front desk')

  const owner = await openApp(installed, { as: agency.owner, page: await (await anotherBrowser()).newPage() })
  await expect(owner.status('Sales')).toContainText(
    `The scanned number already belongs to the session Front desk of ${elsewhere.name}.`,
  )
})

for (const width of [1280, 360])
  test(`whatever becomes of a session, nothing moves at ${width} px; a blink of the connection is not shown`, async ({
    page,
    phones,
    installed,
    openApp,
    newPhone,
  }) => {
    await page.setViewportSize({ width, height: 800 })
    const business = await newPhone()
    const app = await openApp(installed)
    const card = await app.link('Sales', business)
    await card.getByRole('button', { name: 'Done' }).click()
    await app.addSession('Below')
    // On the whole page: what needs somebody is also said above the list.
    const heights = () => app.card('Below').evaluate((below) => below.getBoundingClientRect().top + window.scrollY)
    const before = await heights()
    const same = async (what: string) => expect(await heights(), what).toBe(before)

    // What the badge says from one moment to the next, as a person would see it.
    const said = await app.status('Sales').evaluateHandle((status) => {
      const seen: string[] = []
      new MutationObserver(() => seen.push(status.textContent)).observe(status, {
        subtree: true,
        characterData: true,
        childList: true,
      })
      return seen
    })
    const since = await phones.position()
    await phones.closeConnections(business.number, 503)
    await phones.waitFor({ kind: 'login', number: business.number }, { since })
    await expect(card.getByText('Connected', { exact: true })).toBeVisible()
    await same('after a blink')
    expect((await said.evaluate((seen) => seen)).join()).not.toContain('Reconnecting')

    await phones.loginAnswer(business.number, 503, 4)
    await phones.closeConnections(business.number, 503)
    await expect(card.getByText('Reconnecting', { exact: true })).toBeVisible()
    await same('while it reconnects')
    await app.confirm('Sales', 'Stop')
    await expect(card.getByText('Stopped', { exact: true })).toBeVisible()
    await same('stopped')
    await phones.loginAnswer(business.number, 403, 1)
    await card.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(card.getByText('Blocked by WhatsApp', { exact: true })).toBeVisible()
    await expect(app.frame.getByRole('region', { name: 'State of the sessions' })).toContainText('Sales needs you')
    await same('banned, and said to be')
  })

test('the account tag is changed with what it does; one that is taken is refused; deleting can take it off contacts', async ({
  crm,
  installed,
  openApp,
  newPhone,
  expectedComplaints,
}) => {
  expectedComplaints.push(/status of 409 .*\/sessions\//)
  const [business, ana] = [await newPhone(), await newPhone({ name: 'Ana' })]
  const app = await openApp(installed)
  const card = await app.link('Sales', business)
  await app.addSession('Support')
  await ana.sendText(business, 'Hello')
  const tags = async () => (await crm.contacts(installed.id))[0]?.tags.filter((tag) => tag.startsWith('wa-account-'))
  await expect.poll(tags).toEqual(['wa-account-sales'])

  await card.getByRole('button', { name: 'Change the account tag of Sales' }).click()
  const dialog = app.frame.getByRole('dialog', { name: 'Account tag of Sales' })
  await expect(dialog.getByText('contacts lose the old tag and get the new one')).toBeVisible()
  const field = dialog.getByLabel('Tag', { exact: true })
  const save = dialog.getByRole('button', { name: 'Save tag' })
  await field.fill('sales')
  await save.click()
  await expect(dialog.getByRole('alert')).toContainText('Begin with wa-account-')
  await field.fill('wa-account-support')
  await save.click()
  await expect(dialog.getByRole('alert')).toHaveText(
    'The session "Support" already has this tag. Choose a different one.',
  )
  await field.fill('WA-account-orders')
  await save.click()
  await expect(dialog).toBeHidden()
  await expect(card.getByText('wa-account-orders', { exact: true })).toBeVisible()
  await expect.poll(tags).toEqual(['wa-account-orders'])

  await app.choose('Sales', 'Delete')
  await app.frame.getByLabel('Also remove the tag wa-account-orders from contacts in the CRM').check()
  await app.frame.getByLabel('Type Sales to confirm').fill('Sales')
  await app.frame.getByRole('button', { name: 'Delete session' }).click()
  await expect.poll(tags).toEqual([])
})
