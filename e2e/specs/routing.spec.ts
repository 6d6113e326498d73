// Which number a message takes, and how it says that it could take none.
import { expect, test } from '../fixtures'

test('#WH2 sends on the second session and is not shown; #WH3 fails in the bubble with its sentence', async ({
  context,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const [sales, support, ana] = [await newPhone(), await newPhone(), await newPhone()]
  const app = await openApp(installed)
  await app.link('Sales', sales)
  await app.link('Support', support)

  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Ana', `+${ana.number}`)
  const second = await inbox.write('#WH2 from support')
  await ana.waitForText(support, 'from support')
  await expect(second.getByText('Delivered')).toBeVisible()
  expect(await ana.chat(sales)).toEqual([])

  const third = await inbox.write('#WH3 from nowhere')
  await expect(third.getByText('Failed', { exact: true })).toBeVisible()
  await expect(
    third.getByText('Not sent: #WH3 has no WhatsApp number in this sub-account. Use a priority shown in Sessions.'),
  ).toBeVisible()

  await app.showMessages()
  const log = app.frame.getByRole('list', { name: 'Messages' }).getByRole('listitem')
  await expect(log).toHaveCount(2)
  const [failed, sent] = [log.nth(0), log.nth(1)]
  await expect(failed.getByText('The session does not exist')).toBeVisible()
  await expect(sent.getByText('Support', { exact: true })).toBeVisible()
  await sent.getByRole('button', { name: 'Why?' }).click()
  await expect(sent.getByText('Sent on Support because the text says #WH2.')).toBeVisible()
})

test('what cannot be sent fails in its bubble with a sentence, and the next message goes', async ({
  context,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const [business, ana] = [await newPhone(), await newPhone()]
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.addContact('Nobody', '+34600990000')
  const early = await inbox.write('too early')
  await expect(early.getByText('Not sent: this sub-account has no WhatsApp number yet.')).toBeVisible()

  const app = await openApp(installed)
  await app.link('Sales', business)
  const nowhere = await inbox.write('is anybody there')
  await expect(nowhere.getByText('Failed', { exact: true })).toBeVisible()
  await expect(nowhere.getByText('Not sent: +34600990000 is not on WhatsApp.')).toBeVisible()

  await inbox.addContact('Ana', `+${ana.number}`)
  await inbox.page
    .getByLabel('Files')
    .setInputFiles({ name: 'offer.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4') })
  await expect(inbox.page.getByRole('button', { name: 'Remove offer.pdf' })).toBeVisible()
  const withFile = await inbox.write('the offer')
  await expect(withFile.getByText('Failed', { exact: true })).toBeVisible()
  await expect(withFile.getByText('Not sent: files cannot be sent on WhatsApp from here yet.')).toBeVisible()

  const after = await inbox.write('words only then')
  await expect(after.getByText('Delivered')).toBeVisible()
  expect((await ana.chat(business)).map((bubble) => bubble.text)).toEqual(['words only then'])
})
