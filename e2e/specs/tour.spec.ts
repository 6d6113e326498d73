// A newcomer's minute in the sandbox as it is delivered, with a mouse. `TOUR=1 npm run e2e -- tour` writes docs/tour anew.
import { expect, test } from '../fixtures'
import { AppFrame } from './app-frame'
import { Inbox } from './inbox'
import { PhonesPage } from './phones-page'
import { picture } from './picture'

const small = { width: 360, height: 740 }

test('a newcomer installs, links, writes and reads the answer', async ({
  page,
  context,
  places,
  crm,
  anotherBrowser,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.setViewportSize({ width: 1280, height: 800 })
  const harbour = (await crm.state()).locations.find((location) => location.name === 'Harbour Dental')!
  await crm.uninstall(harbour.id)

  await page.goto(places.crm)
  const card = page.getByRole('article').filter({ hasText: 'Harbour Dental' })
  await expect(card.getByText('Trunkline not installed')).toBeVisible()
  await picture(page, '01-front-door')
  await card.getByRole('link', { name: 'Install' }).click()
  await page.getByRole('link', { name: 'Install in Harbour Dental' }).click()
  await expect(page.getByRole('radio', { name: 'Harbour Dental' })).toBeChecked()
  await picture(page, '02-install')
  await page.getByRole('button', { name: 'Install' }).click()
  await page.getByRole('link', { name: 'Open your CRM' }).click()
  await card.getByRole('link', { name: 'Open Trunkline' }).click()

  const app = new AppFrame(page)
  await expect(app.frame.getByText('No sessions yet')).toBeVisible()
  await picture(page, '03-in-the-frame')
  const session = await app.addSession('Front desk')
  await expect(app.qr('Front desk')).toBeVisible()
  await picture(page, '04-code')

  const phone = await context.newPage()
  await phone.setViewportSize({ width: 1280, height: 800 })
  const phones = await PhonesPage.open(phone, places.phones, '12025550140')
  await phones.drop(session.getByTestId('qr'))
  await expect(phone.getByText('Connected', { exact: false }).first()).toBeVisible()
  await expect(phone.getByText('Linking…')).toBeHidden()
  await picture(phone, '05-scanned')
  await expect(session.getByText('Connected', { exact: true })).toBeVisible()
  await picture(page, '06-connected')

  await page.getByRole('link', { name: 'Conversations' }).click()
  const inbox = new Inbox(page)
  await inbox.choose('Maria Lopez')
  const bubble = (await inbox.write('Hello Maria, your appointment is tomorrow at 10. Does that suit you?')).last()
  await expect(bubble.getByText('Delivered')).toBeVisible()

  await phone.goto(`${places.phones}/`)
  await phone.getByRole('button', { name: /Maria Lopez/ }).click()
  await phone
    .locator('#chat-list')
    .getByRole('button', { name: /Harbour Dental/ })
    .click()
  await expect(phone.getByText('Hello Maria').last()).toBeVisible()
  await expect(bubble.getByText('Read')).toBeVisible()
  await picture(page, '07-written')
  await phone.getByPlaceholder('Message').fill('Yes, see you then!')
  await phone.getByRole('button', { name: 'Send' }).click()
  await expect(inbox.received('Yes, see you then!').last()).toBeVisible()
  await expect(phone.getByRole('img', { name: 'Delivered' }).last()).toBeVisible()
  await picture(phone, '08-on-the-phone')
  await picture(page, '09-answered')
  await page.getByRole('link', { name: 'Trunkline' }).click()
  await app.showMessages()
  await expect(app.frame.getByText('From the contact').first()).toBeVisible()
  await picture(page, '10-log')

  const pocket = await anotherBrowser({ viewport: small, isMobile: true, hasTouch: true })
  const tiny = await pocket.newPage()
  await tiny.goto(places.crm)
  await expect(tiny.getByRole('article').filter({ hasText: 'Harbour Dental' })).toBeVisible()
  await picture(tiny, 'small-01-front-door')
  await tiny.goto(`${places.crm}/l/${harbour.id}/app`)
  const tinyApp = new AppFrame(tiny)
  await expect(tinyApp.card('Front desk').getByText('Connected', { exact: true })).toBeVisible()
  await picture(tiny, 'small-02-connected')
  await tinyApp.addSession('Support')
  await tinyApp.qr('Support').scrollIntoViewIfNeeded()
  await expect(tinyApp.qr('Support')).toBeVisible()
  await picture(tiny, 'small-03-code')
  await tiny.goto(`${places.crm}/l/${harbour.id}`)
  await new Inbox(tiny).choose('Maria Lopez')
  await expect(new Inbox(tiny).received('Yes, see you then!').last()).toBeVisible()
  await picture(tiny, 'small-04-conversation')
  await tiny.goto(`${places.phones}/#12025550151/12025550140`)
  await expect(tiny.getByText('Hello Maria').last()).toBeVisible()
  await picture(tiny, 'small-05-phone')

  for (const each of [page, phone, tiny]) await each.close()
  await crm.uninstall(harbour.id)
})
