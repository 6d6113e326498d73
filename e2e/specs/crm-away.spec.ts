// The CRM stops answering: people are told, nothing is lost, and it is over when it is.
import { expect, test } from '../fixtures'
import { bearer, send, signIn } from './bad-input/wire'

test('while the CRM does not answer people are told so, and what was written arrives afterwards', async ({
  crm,
  phones,
  places,
  installed,
  openApp,
  openInbox,
  newPhone,
  context,
}) => {
  test.setTimeout(300_000)
  const business = await newPhone()
  const app = await openApp(installed)
  await app.link('Sales', business)
  const headers = bearer(await signIn(places.app, crm, installed.admin, installed.id))
  const isFailing = async () => {
    const answer = await send(`${places.app}/api/v1/locations/${installed.id}`, { method: 'GET', headers })
    return (answer.json as { crmFailingSince: string | null }).crmFailingSince !== null
  }
  const fault = await crm.fault('status', { status: 503, path: '^/contacts', locationId: installed.id })
  const strangers = await phones.createMany(Array.from({ length: 12 }, (_, n) => ({ name: `Stranger ${n}` })))
  try {
    await Promise.all(strangers.map((stranger) => stranger.sendText(business, `From ${stranger.number}`)))
    const banner = app.frame.getByText(/^The CRM has not answered since/)
    await expect.poll(isFailing, { timeout: 120_000 }).toBe(true)
    await app.page.reload()
    await expect(banner).toBeVisible()
    await expect(app.card('Sales').getByText('Connected', { exact: true })).toBeVisible()

    await crm.clearFaults(fault)
    await expect
      .poll(async () => (await crm.contacts(installed.id)).length, { timeout: 120_000 })
      .toBe(strangers.length)
    const inbox = await openInbox(installed, { page: await context.newPage() })
    await inbox.choose('Stranger 0')
    await expect(inbox.received(`From ${strangers[0]!.number}`)).toBeVisible()
    await expect.poll(isFailing, { timeout: 120_000 }).toBe(false)
    await app.page.reload()
    await expect(app.card('Sales')).toBeVisible()
    await expect(app.frame.getByRole('heading', { level: 1 })).toHaveText(installed.name)
    await expect(banner).toBeHidden()
  } finally {
    await crm.clearFaults(fault)
  }
})
