// The main job: a message written in the CRM arrives on WhatsApp and its ticks come back; an answer appears in the CRM.
import { plant } from '@/e2e/canaries'
import { expect, test } from '../fixtures'

test('a message goes out with its ticks, and the answer comes in', async ({
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
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

test('what the owner types on the phone appears in the CRM as sent, and a stranger becomes a contact', async ({
  context,
  crm,
  phones,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const business = await newPhone()
  // The one phone that outlives its test: nobody else has this number, and a second run finds it there.
  const stranger = await phones
    .create({ name: 'Tom Becker', number: plant('phone') })
    .catch(() => phones.phone(plant('phone')))
  const app = await openApp(installed)
  await app.link('Sales', business)
  const inbox = await openInbox(installed, { page: await context.newPage() })

  await stranger.sendText(business, 'do you open on Sunday?')
  await inbox.choose('Tom Becker')
  await expect(inbox.received('do you open on Sunday?')).toBeVisible()
  await business.sendText(stranger, 'typed on the phone')
  await expect(inbox.sent('typed on the phone')).toBeVisible()
  await inbox.write('typed in the CRM')
  await stranger.waitForText(business, 'typed in the CRM')

  await stranger.sendLocation(business, { latitude: 41.4036, longitude: 2.1744, name: 'Sagrada Família' })
  await expect(inbox.received('Sagrada Família')).toBeVisible()
  await stranger.sendImage(business, 'look at this')
  await expect(inbox.received('look at this')).toBeVisible()

  // The message sent by the app comes back from WhatsApp as an own copy; it must not be posted as one more.
  const posted = (await crm.history(0, ['message-posted'])).filter((event) => event.locationId === installed.id)
  expect(posted.filter((event) => event.direction === 'outbound').map((event) => event.text)).toEqual([
    'typed on the phone',
  ])
  expect((await crm.contacts(installed.id)).map((contact) => contact.phone)).toEqual([plant('phone')])
})
