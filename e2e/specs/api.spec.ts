// A message asked for by a program instead of in the CRM: on the session it names, shown in the CRM once, with its status to read.
import { expect, test } from '../fixtures'
import { asJson, bearer, itemsOf, send, signIn } from './bad-input/wire'

test('a message written through the API arrives, is one copy in the CRM, and tells what became of it', async ({
  crm,
  places,
  installed,
  newPhone,
  openApp,
}) => {
  const business = await newPhone({ name: 'Business' })
  const ana = await newPhone({ name: 'Ana' })
  const app = await openApp(installed)
  await app.link('Sales', business)
  const own = bearer(await signIn(places.app, crm, installed.admin, installed.id))
  const get = (path: string) => send(`${places.app}/api/v1${path}`, { method: 'GET', headers: own })
  const sessionId = itemsOf(await get(`/locations/${installed.id}/sessions`))[0]!.id
  const write = (body: unknown) => send(`${places.app}/api/v1/sessions/${sessionId}/messages`, asJson(body, own))

  const accepted = await write({ to: `+${ana.number}`, text: '#WH1 Your order is ready' })
  expect(accepted.status, accepted.text).toBe(202)
  const { id } = accepted.json as { id: string }
  await ana.waitForText(business, 'Your order is ready')
  await ana.read(business)
  await expect
    .poll(async () => (await get(`/messages/${id}`)).json, { timeout: 30_000 })
    .toMatchObject({ status: 'read', origin: 'api', sessionId, failure: null, trace: { rule: 1 } })

  const copies = async () => {
    const contact = (await crm.contacts(installed.id)).find(({ phone }) => phone === `+${ana.number}`)
    return contact ? (await crm.conversation(contact)).map(({ body, direction }) => ({ body, direction })) : []
  }
  const copy = { body: '#WH1 Your order is ready', direction: 'outbound' }
  await expect.poll(copies, { timeout: 30_000 }).toEqual([copy])

  const bob = await crm.createContact(installed.id, { name: 'Bob', phone: '+15550100002' })
  await crm.changeContact(bob, { dnd: true })
  const unwanted = (await write({ to: bob.phone, text: 'psst' })).json as { id: string }
  await expect
    .poll(async () => (await get(`/messages/${unwanted.id}`)).json, { timeout: 30_000 })
    .toMatchObject({ status: 'failed', failure: { code: 'dnd' }, sessionId })

  const bad = await write({ to: '12', text: 'hello' })
  expect(bad.status).toBe(400)
  expect(bad.json).toMatchObject({ error: { code: 'bad_request', fields: { to: expect.any(String) } } })
})
