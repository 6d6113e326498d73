// The routing page as people use it: rules in order, settings that save at once, and why a session would send.
import type { FrameLocator, Locator, Page } from '@playwright/test'
import { expect, nameOf, test } from '../fixtures'
import type { AppFrame } from './app-frame'

const showRouting = async (app: AppFrame) => {
  await app.frame.getByRole('link', { name: 'Routing', exact: true }).click()
  await expect(app.frame.getByRole('heading', { name: 'Rules', exact: true })).toBeVisible()
}
const ruleTexts = (frame: FrameLocator) => frame.getByRole('list', { name: 'Rules' }).getByRole('listitem')
const said = (frame: FrameLocator) => frame.getByRole('status', { name: 'Saving' })

interface Given {
  session: string
  tag?: string
  country?: [typed: string, name: string]
  always?: boolean
}

async function addRule(frame: FrameLocator, { session, tag, country, always }: Given): Promise<void> {
  await frame.getByRole('button', { name: 'Add rule' }).click()
  const dialog = frame.getByRole('dialog', { name: 'Add a rule' })
  const choice = dialog.getByLabel('Send on')
  await choice.selectOption(await choice.locator('option', { hasText: session }).getAttribute('value'))
  if (always) await dialog.getByRole('radio', { name: 'Always' }).click()
  if (country) {
    await dialog.getByRole('combobox', { name: 'Country of the number' }).fill(country[0])
    await dialog.getByRole('listbox').getByRole('option', { name: country[1] }).click()
  }
  if (tag) {
    await dialog.getByLabel('Tags of the contact').fill(tag)
    await dialog.getByLabel('Tags of the contact').press('Enter')
  }
  await dialog.getByRole('button', { name: 'Add rule' }).click()
  await expect(dialog).toBeHidden()
  await expect(said(frame)).toContainText('Saved: rule added')
}

/** Let go once the page knows where it is. */
async function drag(page: Page, from: Locator, to: Locator, isThere: Locator): Promise<void> {
  await from.scrollIntoViewIfNeeded()
  const [start, end] = [(await from.boundingBox())!, (await to.boundingBox())!]
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2)
  await page.mouse.down()
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2 + 8)
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 8 })
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2 + 2)
  await expect(isThere).toBeAttached()
  await page.mouse.up()
}

test('rules are added, read as sentences, ordered by mouse and by keyboard, deleted and brought back', async ({
  installed,
  openApp,
  page,
}) => {
  const app = await openApp(installed)
  await app.addSession('Sales')
  await app.addSession('Support')
  await showRouting(app)
  const { frame } = app
  await expect(frame.getByText('No rules yet')).toBeVisible()

  await addRule(frame, { session: 'Support', country: ['port', 'Portugal PT'] })
  await addRule(frame, { session: 'Sales', tag: 'VIP' })
  await addRule(frame, { session: 'Support', always: true })
  const first = 'New conversations leave on Support when the number is from Portugal.'
  const second = 'New conversations leave on Sales when the contact has the tag vip.'
  const third = 'All messages leave on Support.'
  const rules = ruleTexts(frame)
  await expect(rules).toContainText([first, second, third])

  const handle = (text: string) => frame.getByRole('button', { name: new RegExp(`^Reorder rule .*${text}`) })
  await drag(page, handle('All messages'), handle('Portugal'), frame.getByText(/^Now at place 1 of 3/))
  await expect(rules).toContainText([third, first, second])
  await expect(said(frame)).toContainText('Saved: rule moved to place 1 of 3')

  await handle('tag vip').press('ArrowUp')
  await expect(said(frame)).toContainText('Saved: rule moved to place 2 of 3')
  await expect(rules).toContainText([third, second, first])
  await expect(handle('tag vip')).toBeFocused()
  await handle('tag vip').press('ArrowDown')
  await expect(said(frame)).toContainText('Saved: rule moved to place 3 of 3')
  await expect(rules).toContainText([third, first, second])
  await expect(handle('tag vip')).toBeFocused()
  await handle('tag vip').press('ArrowUp')
  await expect(said(frame)).toContainText('Saved: rule moved to place 2 of 3')

  await frame.getByRole('button', { name: 'Actions for rule 1' }).press('Enter')
  await frame.getByRole('menuitem', { name: 'Move down' }).press('Enter')
  await expect(rules).toContainText([second, third, first])
  await expect(said(frame)).toContainText('Saved: rule moved to place 2 of 3')
  await expect(frame.getByRole('button', { name: 'Actions for rule 2' })).toBeFocused()

  await frame.getByRole('button', { name: 'Actions for rule 2' }).click()
  await frame.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(rules).toContainText([second, first])
  await expect(rules).toHaveCount(2)
  await expect(said(frame)).toContainText('Saved: rule deleted')
  await expect(handle('Portugal')).toBeFocused()
  await said(frame).getByRole('button', { name: 'Undo' }).click()
  await expect(rules).toContainText([second, third, first])
  await expect(said(frame)).toContainText('Undone: rule deleted')
  await said(frame).getByRole('button', { name: 'Close' }).click()
  await expect(said(frame)).toBeEmpty()

  await frame.getByRole('button', { name: 'Actions for rule 1' }).click()
  await frame.getByRole('menuitem', { name: 'Edit' }).click()
  const dialog = frame.getByRole('dialog', { name: 'Edit the rule' })
  await dialog.getByRole('button', { name: 'Remove vip' }).click()
  // Escape closes a list and not the dialog; a press on another field while one is open gets there.
  const countries = dialog.getByRole('combobox', { name: 'Country of the number' })
  await countries.fill('spa')
  await countries.press('Escape')
  await expect(countries).toHaveAttribute('aria-expanded', 'false')
  await countries.press('ArrowDown')
  await expect(countries).toHaveAttribute('aria-expanded', 'true')
  const owners = dialog.getByRole('combobox', { name: 'Owner of the contact' })
  await owners.click()
  await expect(countries).toHaveAttribute('aria-expanded', 'false')
  await expect(owners).toBeFocused()
  await countries.fill('')
  await dialog.getByRole('radio', { name: 'Automated' }).click()
  await dialog.getByRole('button', { name: 'Save rule' }).click()
  const edited = 'New conversations leave on Sales when the message is automated.'
  await expect(rules).toContainText([edited, third, first])
  await expect(said(frame)).toContainText('Saved: rule changed')

  const again = await openApp(installed)
  await showRouting(again)
  await expect(ruleTexts(again.frame)).toContainText([edited, third, first])
})

test('a setting is saved at once, said, undone, and refused beside its field', async ({ installed, openApp }) => {
  const app = await openApp(installed)
  await showRouting(app)
  const { frame } = app
  const hold = frame.getByLabel('Hold messages for')
  await expect(hold).toHaveValue('10')
  await hold.fill('61')
  await hold.press('Tab')
  await expect(frame.getByText('Give a whole number from 0 to 60.')).toBeVisible()
  await expect(hold).toHaveAttribute('aria-invalid', 'true')
  await hold.fill('25')
  await hold.press('Enter')
  await expect(said(frame)).toContainText('Saved: Hold messages for')
  await frame.getByRole('switch', { name: 'A code moves the conversation' }).click()
  await expect(said(frame)).toContainText('Saved: A code moves the conversation')
  await frame.getByRole('radio', { name: "The contact's owner" }).click()
  await expect(said(frame)).toContainText('Saved: Who comes first')
  await expect(frame.getByRole('listitem').nth(3)).toHaveText("The session assigned to the contact's owner.")
  await frame.getByRole('radio', { name: 'It holds the conversation' }).click()
  await expect(said(frame)).toContainText('Saved: What the tag of a session does')
  await said(frame).getByRole('button', { name: 'Undo' }).click()
  await expect(said(frame)).toContainText('Undone: What the tag of a session does')

  await frame.getByRole('link', { name: 'Settings', exact: true }).click()
  const mails = frame.getByLabel('Who is told by e-mail')
  await mails.fill('nobody')
  await mails.press('Enter')
  await expect(frame.getByText('nobody is not an e-mail address.')).toBeVisible()
  await mails.fill('ada@example.com')
  await mails.press('Enter')
  await expect(said(frame)).toContainText('Saved: Who is told by e-mail')

  const again = await openApp(installed)
  await again.frame.getByRole('link', { name: 'Settings', exact: true }).click()
  await expect(again.frame.getByText('ada@example.com', { exact: true })).toBeVisible()
  await showRouting(again)
  await expect(again.frame.getByLabel('Hold messages for')).toHaveValue('25')
  await expect(again.frame.getByRole('switch', { name: 'A code moves the conversation' })).toBeChecked()
  await expect(again.frame.getByRole('radio', { name: "The contact's owner" })).toBeChecked()
  await expect(again.frame.getByRole('radio', { name: 'It follows the conversation' })).toBeChecked()
})

test('without a network it says so, nothing seems saved or is done later, and a press on a tab does not lose the page', async ({
  context,
  installed,
  openApp,
  newPhone,
  expectedComplaints,
}) => {
  expectedComplaints.push(/ERR_INTERNET_DISCONNECTED/)
  const app = await openApp(installed)
  const card = await app.link('Sales', await newPhone())
  await app.confirm('Sales', 'Stop')
  const start = card.getByRole('button', { name: 'Start', exact: true })
  await expect(start).toBeVisible()
  const strip = app.frame.getByRole('region', { name: 'State of the sessions' })

  await context.setOffline(true)
  await expect(strip.getByRole('status')).toHaveText('No answer from the server: this may be out of date.')
  await start.click()
  await expect(card.getByText('The server cannot be reached. Check your connection, then try again.')).toBeVisible()
  await app.frame.getByRole('link', { name: 'Settings', exact: true }).click()
  await expect(card).toBeVisible()
  await context.setOffline(false)
  await expect(strip.getByRole('status')).toHaveText('No session needs attention.')
  await expect(start).toBeVisible()

  await showRouting(app)
  const repins = app.frame.getByRole('switch', { name: 'A code moves the conversation' })
  await context.setOffline(true)
  await repins.click()
  await expect(said(app.frame)).toContainText('Not saved: A code moves the conversation')
  await expect(repins).not.toBeChecked()
  await context.setOffline(false)
})

test('two people change the same page at the same time, and neither loses what the other did', async ({
  agency,
  installed,
  openApp,
  anotherBrowser,
}) => {
  const ben = await agency.addUser(installed, 'admin')
  const ada = await openApp(installed)
  await ada.addSession('Sales')
  await ada.addSession('Support')
  await showRouting(ada)
  const his = await openApp(installed, { as: ben, page: await (await anotherBrowser()).newPage() })
  await showRouting(his)

  await addRule(ada.frame, { session: 'Sales', tag: 'vip' })
  const first = 'New conversations leave on Sales when the contact has the tag vip.'
  const second = 'New conversations leave on Support when the contact has the tag new.'
  await expect(ruleTexts(his.frame)).toContainText([first])

  // He types in the middle of it: what he types stays, what she saves arrives.
  await his.frame.getByLabel('Messages per hour').fill('12')
  await addRule(ada.frame, { session: 'Support', tag: 'new' })
  await expect(ruleTexts(his.frame)).toContainText([first, second])
  await expect(his.frame.getByLabel('Messages per hour')).toHaveValue('12')
  await his.frame.getByLabel('Messages per hour').press('Enter')
  await expect(ada.frame.getByLabel('Messages per hour')).toHaveValue('12')

  // He deletes what she edits: she is told, and nothing comes back from the dead.
  await ada.frame.getByRole('button', { name: 'Actions for rule 1' }).click()
  await ada.frame.getByRole('menuitem', { name: 'Edit' }).click()
  await his.frame.getByRole('button', { name: 'Actions for rule 1' }).click()
  await his.frame.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(ruleTexts(his.frame)).toHaveCount(1)
  await expect(said(his.frame)).toContainText('Saved: rule deleted')
  const dialog = ada.frame.getByRole('dialog', { name: 'Edit the rule' })
  await dialog.getByRole('radio', { name: 'Automated' }).click()
  await dialog.getByRole('button', { name: 'Save rule' }).click()
  await expect(said(ada.frame)).toContainText('somebody else changed this in the meantime')
  await expect(ruleTexts(ada.frame)).toContainText([second])
  await expect(ruleTexts(ada.frame)).toHaveCount(1)
})

test('"Why?" names the session, the reason and the text, sends nothing, and agrees with what is sent then', async ({
  context,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const [sales, ana] = [await newPhone({ name: 'Sales desk' }), await newPhone()]
  const app = await openApp(installed)
  await app.link('Sales', sales)
  await app.addSession('Support')
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana Torres', `+${ana.number}`)

  await showRouting(app)
  const { frame } = app
  const why = frame.getByRole('region', { name: 'Why?', exact: true })
  await why.getByRole('button', { name: 'Show the session' }).click()
  await expect(why.getByText('Choose a contact first.')).toBeVisible()
  await expect(why.getByRole('combobox', { name: 'Contact' })).toBeFocused()
  await why.getByRole('combobox', { name: 'Contact' }).fill('ana tor')
  await why.getByRole('option', { name: /Ana Torres/ }).click()
  const ask = async (text: string) => {
    await why.getByLabel('Text', { exact: true }).fill(text)
    await why.getByRole('button', { name: 'Show the session' }).click()
    await expect(why.getByRole('region', { name: 'Answer' })).toBeVisible()
    return why.getByRole('region', { name: 'Answer' })
  }
  const answer = await ask('Good morning #WH1')
  await expect(answer).toContainText('Sales would send it (priority 1)')
  await expect(answer).toContainText('the text says #WH1')
  await expect(answer.getByRole('list', { name: 'How it was decided' })).toContainText(
    '#WH1 was removed from the text.',
  )
  await expect(answer).toContainText('What the contact would getGood morning')
  await ask('#WH2 hello')
  await expect(answer).toContainText('It would not be sent')
  await expect(answer).toContainText('Support')
  await expect(answer).toContainText('Sessions')

  await addRule(frame, { session: 'Sales', always: true })
  await ask('hello')
  await expect(answer).toContainText('Sales would send it')
  await expect(answer.getByRole('list', { name: 'How it was decided' })).toContainText('Decided by: your rules.')
  await frame.getByRole('button', { name: 'Actions for rule 1' }).click()
  await frame.getByRole('menuitem', { name: 'Delete' }).click()
  await expect(said(frame)).toContainText('Saved: rule deleted')

  // Kept on a session that cannot send, then let go.
  await why.getByLabel('Keep Ana Torres on').selectOption({ label: '2 · Support' })
  await why.getByRole('button', { name: 'Use this session' }).click()
  await expect(why.getByText('Ana Torres stays on Support.')).toBeVisible()
  await expect(answer).toContainText('It would not be sent')
  await why.getByLabel('Keep Ana Torres on').selectOption({ label: '1 · Sales' })
  await why.getByRole('button', { name: 'Use this session' }).click()
  await expect(why.getByText('Ana Torres stays on Sales.')).toBeVisible()
  await expect(answer).toContainText('Sales would send it')
  await why.getByRole('button', { name: 'Release' }).click()
  await expect(why.getByText('Ana Torres is free to move again.')).toBeVisible()
  expect(await ana.chat(sales)).toEqual([])

  await expect((await inbox.write('hello')).getByText('Delivered')).toBeVisible()
  await app.showMessages()
  const row = frame.getByRole('list', { name: 'Messages' }).getByRole('listitem').first()
  await row.getByRole('button', { name: 'Why?' }).click()
  await expect(row).toContainText('Sent on Sales because')
  await expect(row.getByRole('list', { name: 'How it was decided' })).toContainText('Decided by:')
})

test('"Why?" asked for a user names the session assigned to them', async ({
  agency,
  context,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const uma = nameOf(await agency.addUser(installed, 'user'))
  const [sales, support, ana] = [await newPhone(), await newPhone(), await newPhone()]
  const app = await openApp(installed)
  await app.link('Sales', sales)
  const card = await app.link('Support', support)
  await card.getByRole('button', { name: 'Assigned user of Support: Nobody' }).click()
  await app.frame.getByRole('combobox', { name: 'Search users' }).fill(uma)
  await app.frame.getByRole('option', { name: uma }).click()
  await expect(card.getByRole('button', { name: `Assigned user of Support: ${uma}` })).toBeVisible()
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana Torres', `+${ana.number}`)

  await showRouting(app)
  const why = app.frame.getByRole('region', { name: 'Why?', exact: true })
  await why.getByRole('combobox', { name: 'Contact' }).fill('ana tor')
  await why.getByRole('option', { name: /Ana Torres/ }).click()
  await why.getByLabel('Text', { exact: true }).fill('hello')
  const answer = why.getByRole('region', { name: 'Answer' })
  const ask = async (sender: string) => {
    await why.getByLabel('Sender').selectOption({ label: sender })
    await expect(answer).toBeHidden()
    await why.getByRole('button', { name: 'Show the session' }).click()
  }
  await ask(uma)
  await expect(answer).toContainText('Support would send it (priority 2)')
  await expect(answer).toContainText('because it is assigned to the person who wrote the message')
  const steps = answer.getByRole('list', { name: 'How it was decided' })
  await expect(steps).toContainText("Decided by: the sender's session.")
  await ask(nameOf(installed.admin))
  await expect(answer).toContainText('Sales would send it (priority 1)')
  await expect(steps).toContainText('Decided by: first by priority.')
})

test('what needs somebody is said on every page, live, with the way to it', async ({
  installed,
  openApp,
  newPhone,
}) => {
  const sales = await newPhone()
  const app = await openApp(installed)
  const card = await app.link('Sales', sales)
  await showRouting(app)
  await app.frame.getByRole('link', { name: 'Settings', exact: true }).click()
  const strip = app.frame.getByRole('region', { name: 'State of the sessions' })
  await expect(strip.getByRole('status')).toHaveText('No session needs attention.')
  // On the whole page, however far it is scrolled.
  const box = () =>
    strip.evaluate((element) => {
      const { top, left, width, height } = element.getBoundingClientRect()
      return { top: top + window.scrollY, left, width, height }
    })
  const before = await box()
  const [device] = (await sales.view()).devices
  await sales.unlink(device!.device)
  await expect(strip.getByRole('status')).toHaveText(/^Sales needs you This device was removed on the phone\./)
  expect(await box()).toEqual(before)
  await app.showMessages()
  await expect(strip).toContainText('Sales needs you')

  // By keyboard: the list, and back.
  const details = strip.getByRole('button', { name: 'Details' })
  await expect(details).toHaveAttribute('aria-expanded', 'false')
  await details.press('Enter')
  await expect(details).toHaveAttribute('aria-expanded', 'true')
  const list = app.frame.getByRole('dialog', { name: 'Sessions that need attention' })
  await expect(list.getByRole('listitem')).toContainText('It began')
  await app.page.keyboard.press('Escape')
  await expect(list).toBeHidden()
  await expect(details).toBeFocused()
  await details.click()
  await list.getByRole('link', { name: 'Look at the session: Sales' }).click()
  await expect(list).toBeHidden()
  await expect(card.getByRole('button', { name: 'Scan again' })).toBeVisible()
  await card.getByRole('button', { name: 'Scan again' }).click()
  await app.scan('Sales', sales)
  await expect(strip.getByRole('status')).toHaveText('No session needs attention.')
  expect(await box()).toEqual(before)

  const support = await newPhone()
  await app.link('Support', support)
  for (const phone of [sales, support]) await phone.unlink((await phone.view()).devices[0]!.device)
  await expect(strip.getByRole('status')).toHaveText(/^2 sessions need you (Sales, Support|Support, Sales)$/)
  expect(await box()).toEqual(before)
  await details.click()
  await expect(list.getByRole('listitem')).toHaveCount(2)
})

test('a location user has no routing tab, and is told why at its address', async ({ agency, installed, openApp }) => {
  const uma = await agency.addUser(installed, 'user')
  const app = await openApp(installed, { as: uma })
  await expect(app.frame.getByRole('link', { name: 'Messages', exact: true })).toBeVisible()
  await expect(app.frame.getByRole('link', { name: 'Routing', exact: true })).toHaveCount(0)
  await expect(app.frame.getByRole('link', { name: 'Settings', exact: true })).toHaveCount(0)
  const [tab] = await Promise.all([
    app.page.context().waitForEvent('page'),
    app.frame.getByRole('button', { name: 'Open in a new tab' }).click(),
  ])
  await expect(tab.getByRole('heading', { name: installed.name })).toBeVisible()
  await tab.goto(`${new URL(tab.url()).origin}/embed/${installed.id}/routing`)
  await expect(tab.getByText('Your role does not include routing')).toBeVisible()
})
