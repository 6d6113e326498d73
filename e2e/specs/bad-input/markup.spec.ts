// Text from outside is text everywhere it is shown.
import type { Page } from '@playwright/test'
import { expect, test } from '../../fixtures'

const payloads = [
  `<img src=x onerror="parent.postMessage('ran','*');window.ran=1">`,
  `"><svg onload=window.ran=1>`,
  `javascript:window.ran=1`,
  `{{constructor.constructor('window.ran=1')()}}`,
  `</script><script>window.ran=1</script>`,
]

test('names, labels and messages that are markup are shown as they were written', async ({
  context,
  crm,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const label = '<b onclick=window.ran=1>Sales</b>'
  const [business, stranger] = [await newPhone(), await newPhone({ name: payloads[0]! })]
  const app = await openApp(installed)
  const card = await app.link(label, business)
  await expect(card.getByRole('heading', { name: label })).toBeVisible()
  for (const payload of payloads) await stranger.sendText(business, payload)
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.choose(payloads[0]!)
  for (const payload of payloads) await expect(inbox.received(payload)).toBeVisible()

  await app.showMessages()
  const log = app.frame.getByRole('list', { name: 'Messages' })
  for (const payload of payloads) await expect(log.getByText(payload, { exact: true }).first()).toBeVisible()
  await expect(log.getByText(label, { exact: true }).first()).toBeVisible()
  const ran = (page: Page) => Promise.all(page.frames().map((frame) => frame.evaluate(() => 'ran' in window)))
  for (const page of [app.page, inbox.page]) expect(await ran(page)).not.toContain(true)
  expect((await crm.contacts(installed.id)).map((contact) => contact.phone)).toEqual([`+${stranger.number}`])
})
