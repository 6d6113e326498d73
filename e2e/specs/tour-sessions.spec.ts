// The sessions tab in every status, each reached as it is reached in life. In full only with TOUR=1, which draws docs/tour anew.
import type { Agency, SubAccount } from '../fixtures'
import { expect, nameOf, test } from '../fixtures'
import { canaries } from '../canaries'
import type { PhoneClient } from '../emulators/whatsapp/client'
import type { AppFrame } from './app-frame'
import { pictures } from './picture'
import { readQr } from './screen-qr'

const isWhole = Boolean(process.env.TOUR)

/** The badge, which is what a person waits for. */
const shows = (app: AppFrame, label: string, badge: string) =>
  expect(app.card(label).getByText(badge, { exact: true })).toBeVisible({ timeout: 40_000 })

async function linked(app: AppFrame, label: string, phone: PhoneClient): Promise<void> {
  await app.link(label, phone)
  await app.card(label).getByRole('button', { name: 'Done' }).click()
}

/** In the documents the names do not change from one drawing to the next. */
async function place(
  agency: Agency,
  crm: { changeSubAccount(id: string, change: { name: string }): Promise<unknown> },
) {
  const subAccount = await agency.addSubAccount('Quay Dental')
  await crm.changeSubAccount(subAccount.id, { name: 'Quay Dental' })
  return { ...subAccount, name: 'Quay Dental' } satisfies SubAccount
}

test('one session and three', async ({ agency, crm, phones, openApp, openInbox, newPhone, context }) => {
  const quay = await place(agency, crm)
  await crm.install(quay.id, { as: quay.admin.id })
  const [sales, ana] = [await newPhone({ name: 'Quay Dental' }), await newPhone({ name: 'Ana' })]
  const billing = await newPhone()
  const app = await openApp(quay)
  await linked(app, 'Front desk', sales)
  if (isWhole) {
    const inbox = await openInbox(quay, { page: await context.newPage() })
    await inbox.addContact('Ana', `+${ana.number}`)
    await expect((await inbox.write('See you tomorrow at ten.')).getByText('Delivered')).toBeVisible()
    const user = nameOf(quay.admin)
    await app
      .card('Front desk')
      .getByRole('button', { name: /^Assigned user/ })
      .click()
    await app.frame.getByRole('option', { name: user }).click()
    await expect(
      app.card('Front desk').getByRole('button', { name: `Assigned user of Front desk: ${user}` }),
    ).toBeVisible()
  }
  await pictures(app, 'sessions-1')

  if (isWhole) {
    await linked(app, 'Billing', billing)
    await app.confirm('Billing', 'Stop')
    await shows(app, 'Billing', 'Stopped')
  }
  await app.addSession('Emergencies')
  await expect(app.qr('Emergencies')).toBeVisible()
  await pictures(app, 'sessions-3')
  if (!isWhole) return

  await app.choose('Emergencies', 'Cancel linking')
  await shows(app, 'Emergencies', 'Not linked')
  await app.confirm('Billing', 'Log out')
  await app.card('Billing').getByRole('button', { name: 'Scan again' }).click()
  // It pairs, and then hears nothing more.
  await phones.mute(billing.number)
  await billing.scan(await readQr(app.qr('Billing')))
  await shows(app, 'Billing', 'Finishing link')
  await pictures(app, 'sessions-3-more')
})

if (isWhole)
  test('five sessions, twice, in every other status', async ({ agency, crm, places, phones, openApp, newPhone }) => {
    test.setTimeout(300_000)
    const quay = await place(agency, crm)
    await crm.install(quay.id, { as: quay.admin.id })
    const all = await Promise.all([1, 2, 3, 4, 5].map(() => newPhone()))
    const [sales, support, billing, recall, night] = all as [
      PhoneClient,
      PhoneClient,
      PhoneClient,
      PhoneClient,
      PhoneClient,
    ]
    const app = await openApp(quay)
    await linked(app, 'Sales', sales)
    await linked(app, 'Support', support)
    await linked(app, 'Billing', billing)
    await linked(app, 'Recall', recall)
    await linked(app, 'Night', night)

    await phones.loginAnswer(support.number, 503, 1000)
    await phones.closeConnections(support.number, 503)
    const [device] = (await billing.view()).devices
    await billing.unlink(device!.device)
    for (const [label, phone, code] of [
      ['Recall', recall, 403],
      ['Night', night, 405],
    ] as const) {
      await app.confirm(label, 'Stop')
      await shows(app, label, 'Stopped')
      await phones.loginAnswer(phone.number, code, 1)
      await app.card(label).getByRole('button', { name: 'Start', exact: true }).click()
    }
    await shows(app, 'Support', 'Reconnecting')
    await shows(app, 'Billing', 'Re-scan needed')
    await shows(app, 'Recall', 'Blocked by WhatsApp')
    await shows(app, 'Night', 'Error')
    await pictures(app, 'sessions-5')

    // The same sub-account a while later.
    await phones.loginAnswer(support.number, 503, 1)
    await app.confirm('Support', 'Restart')
    await shows(app, 'Support', 'Connected')
    await app.card('Billing').getByRole('button', { name: 'Scan again' }).click()
    await sales.scan(await readQr(app.qr('Billing')))
    await expect(app.status('Billing')).toContainText('belongs to the session Sales')
    await app.card('Billing').getByRole('button', { name: 'Close' }).click()

    const other = await newPhone()
    await app.card('Recall').getByRole('button', { name: 'Try again' }).click()
    await shows(app, 'Recall', 'Connected')
    await app.confirm('Recall', 'Log out')
    await app.card('Recall').getByRole('button', { name: 'Scan again' }).click()
    await other.scan(await readQr(app.qr('Recall')))
    await expect(app.status('Recall')).toContainText('Another number was scanned')
    await app.card('Recall').getByRole('button', { name: 'Close' }).click()

    // A server that takes the connection and says nothing.
    await app.confirm('Support', 'Stop')
    await shows(app, 'Support', 'Stopped')
    await phones.mute(support.number)
    await app.card('Support').getByRole('button', { name: 'Start', exact: true }).click()
    await shows(app, 'Support', 'Starting')

    const granted = await fetch(`${places.app}/api/operator/locations/${quay.id}/grant`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${canaries.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ until: null, maxSessions: 4 }),
    })
    expect(granted.status, await granted.text()).toBe(200)
    await shows(app, 'Night', 'Payment needed')
    await pictures(app, 'sessions-5-more')
  })
