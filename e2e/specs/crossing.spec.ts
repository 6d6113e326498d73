// The main job: a message written in the CRM arrives on WhatsApp and its ticks come back; an answer appears in the CRM.
import { plant } from '@/e2e/canaries'
import { expect, test } from '../fixtures'

test('a message goes out with its ticks, and the answer comes in', async ({ installed, openApp, openInbox, newPhone }) => {
  const business = await newPhone({ name: 'Business' })
  const ana = await newPhone({ name: plant('name') })
  const app = await openApp(installed)
  await app.link('Sales', business)

  const inbox = await openInbox(installed)
  await inbox.addContact(plant('name'), `+${ana.number}`)
  await ana.goOffline()
  const bubble = await inbox.write(plant('body'))
  await expect(bubble.getByText('Pending')).toBeVisible()
  await ana.goOnline()
  await expect(bubble.getByText('Delivered')).toBeVisible()
  await ana.waitForText(business, plant('body'))
  await ana.read(business)
  await expect(bubble.getByText('Read')).toBeVisible()

  await ana.sendText(business, `Answer to ${plant('body')}`)
  await expect(inbox.received(`Answer to ${plant('body')}`)).toBeVisible()
})
