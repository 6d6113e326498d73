// The CRM stops answering: people are told, nothing is lost, and it is over when it is.
import { expect, test } from '../fixtures'

test('while the CRM does not answer people are told so, and what was written arrives afterwards', async ({
  crm,
  phones,
  installed,
  openApp,
  openInbox,
  newPhone,
  context,
}) => {
  test.setTimeout(120_000)
  const business = await newPhone()
  const app = await openApp(installed)
  await app.link('Sales', business)
  const fault = await crm.fault('status', { status: 503, path: '^/contacts', locationId: installed.id })
  const strangers = await phones.createMany(Array.from({ length: 12 }, (_, n) => ({ name: `Stranger ${n}` })))
  try {
    await Promise.all(strangers.map((stranger) => stranger.sendText(business, `From ${stranger.number}`)))
    const banner = app.frame.getByText(/^The CRM has not answered since/)
    await expect(async () => {
      await app.page.reload()
      await expect(banner).toBeVisible({ timeout: 5_000 })
    }).toPass({ timeout: 60_000 })
    await expect(app.card('Sales').getByText('Connected', { exact: true })).toBeVisible()

    await crm.clearFaults(fault)
    await expect.poll(async () => (await crm.contacts(installed.id)).length, { timeout: 60_000 }).toBe(strangers.length)
    const inbox = await openInbox(installed, { page: await context.newPage() })
    await inbox.choose('Stranger 0')
    await expect(inbox.received(`From ${strangers[0]!.number}`)).toBeVisible()
    await app.page.reload()
    await expect(app.card('Sales')).toBeVisible()
    await expect(banner).toBeHidden()
  } finally {
    await crm.clearFaults(fault)
  }
})
