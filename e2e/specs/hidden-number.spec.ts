// People whose number WhatsApp hides: contacts without one, until it becomes known.
import { expect, test } from '../fixtures'

test('a contact made without a number gets it later, or turns out to be one the CRM has', async ({
  crm,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  // They are waited for half a minute each, at the same time.
  test.setTimeout(240_000)
  const hides = { settings: { hidesNumber: true } }
  const [business, gwen, hugo] = [
    await newPhone(),
    await newPhone({ name: 'Gwen', ...hides }),
    await newPhone({ name: 'Hugo', ...hides }),
  ]
  const app = await openApp(installed)
  await app.link('Sales', business)
  const known = await crm.createContact(installed.id, { name: 'Mister Known', phone: `+${hugo.number}` })
  const posted = (text: string) =>
    crm.waitForMessage((each) => each.locationId === installed.id && each.text === text, 120_000)

  await gwen.sendText(business, 'Gwen without number')
  await hugo.sendText(business, 'Hugo without number')
  const [gwens, hugos] = [await posted('Gwen without number'), await posted('Hugo without number')]
  expect(hugos.contactId).not.toBe(known.id)
  const phoneOf = async (contactId: string) =>
    (await crm.contacts(installed.id)).find(({ id }) => id === contactId)?.phone
  expect(await phoneOf(gwens.contactId)).toBeUndefined()

  for (const phone of [gwen, hugo]) await phone.set({ hidesNumber: false })
  await gwen.sendText(business, 'Gwen with number')
  await hugo.sendText(business, 'Hugo with number')
  expect((await posted('Gwen with number')).contactId).toBe(gwens.contactId)
  expect((await posted('Hugo with number')).contactId).toBe(known.id)
  await expect.poll(() => phoneOf(gwens.contactId)).toBe(`+${gwen.number}`)
  expect(await phoneOf(hugos.contactId)).toBeUndefined()
  expect(await crm.contacts(installed.id)).toHaveLength(3)

  const inbox = await openInbox(installed)
  await inbox.choose('Mister Known')
  await inbox.write('Hello Hugo')
  await hugo.waitForText(business, 'Hello Hugo')
})
