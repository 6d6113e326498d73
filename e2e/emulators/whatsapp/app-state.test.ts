import { afterEach, expect, test } from 'vitest'
import { linked, phones, useEmulator } from './app-state-world'

// Registered first, so it runs last.
afterEach(async () => expect(await phones.counters()).toMatchObject({ violations: 0, unknownQueries: {} }))
useEmulator()

test('a linked device learns the saved contacts, the labels, the chats they are on, and its own name', async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  const bob = await phones.create({ name: 'Bobby' })
  await shop.saveContacts([
    { number: bob.number, name: 'Bob Miller' },
    { number: '34611222333', name: 'Ana' },
    { number: '34611220000', name: 'Not on WhatsApp' },
  ])
  const vip = await shop.createLabel('VIP')
  await shop.labelChat(bob, vip)
  const { app, seen } = await linked(shop)
  await seen.until('both contacts', () => seen.names.size === 2)
  expect([...seen.names]).toEqual(
    expect.arrayContaining([
      [`${bob.number}@s.whatsapp.net`, 'Bob Miller'],
      ['34611222333@s.whatsapp.net', 'Ana'],
    ]),
  )
  expect(seen.labels.get(vip.id)).toMatchObject({ name: 'VIP', deleted: false })
  const bobLid = (await bob.view()).lid
  expect([...seen.labelled]).toEqual([`${vip.id} ${bobLid}@lid`])
  expect(app.auth.creds.me?.name).toBe('Shop')
  const found = await app.socket.signalRepository.lidMapping.getPNForLID(`${bobLid}@lid`)
  expect(found?.replace(/:\d+@/, '@')).toBe(`${bob.number}@s.whatsapp.net`)
  expect(await app.socket.signalRepository.lidMapping.getLIDForPN('34611222333@s.whatsapp.net')).toMatch(/@lid$/)
})

test('what the person changes on the phone is seen by the device at once', async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smbi' })
  const ana = await phones.create({ name: 'Annie' })
  const { app, seen } = await linked(shop)
  const jid = `${ana.number}@s.whatsapp.net`
  const chat = `${(await ana.view()).lid}@lid`
  await shop.saveContact(ana, 'Ana')
  await seen.until('a contact', () => seen.names.get(jid) === 'Ana')
  await shop.renameContact(ana, 'Ana García')
  await seen.until('another name', () => seen.names.get(jid) === 'Ana García')
  await shop.removeContact(ana)
  await seen.until('a contact without name', () => seen.names.has(jid) && seen.names.get(jid) === undefined)

  const label = await shop.createLabel('New customer', 3)
  await seen.until('a label', () => seen.labels.get(label.id)?.name === 'New customer')
  await shop.labelChat(ana, label)
  await seen.until('a labelled chat', () => seen.labelled.has(`${label.id} ${chat}`))
  expect(await shop.labelsOn(ana)).toEqual(['New customer'])
  await shop.labelChat(ana, label, false)
  await seen.until('a chat without label', () => !seen.labelled.has(`${label.id} ${chat}`))
  await shop.renameLabel(label, 'Regular')
  await seen.until('another label name', () => seen.labels.get(label.id)?.name === 'Regular')
  await shop.labelChat(ana, label)
  await seen.until('the label again', () => seen.labelled.has(`${label.id} ${chat}`))
  await shop.deleteLabel(label)
  await seen.until('no label', () => seen.labels.get(label.id)?.deleted === true)
  expect(await shop.labelsOn(ana)).toEqual([])
  expect(seen.labelled.has(`${label.id} ${chat}`)).toBe(true)

  await shop.setName('The Shop')
  await app.waitForAny('the own name', () => (app.auth.creds.me?.name === 'The Shop' ? true : undefined))
  const other = await linked(ana)
  await shop.sendText(ana, 'who is this?')
  expect((await other.app.text('who is this?')).pushName).toBe('The Shop')
})

test('what the device changes is seen on the phone', async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  const ana = await phones.create({ name: 'Annie' })
  const { app } = await linked(shop)
  const jid = `${ana.number}@s.whatsapp.net`
  await app.socket.addOrEditContact(jid, { fullName: 'Ana García', firstName: 'Ana', saveOnPrimaryAddressbook: true })
  expect(await shop.contacts()).toMatchObject([{ number: ana.number, name: 'Ana García', by: 1 }])
  await app.socket.removeContact(jid)
  expect(await shop.contacts()).toEqual([])
  await app.socket.addOrEditContact(`${(await ana.view()).lid}@lid`, { fullName: 'Ana by her private id' })
  expect(await shop.contacts()).toMatchObject([{ number: ana.number, name: 'Ana by her private id' }])
  await shop.renameContact(ana, 'Ana')
  await shop.removeContact(ana)
  expect((await linked(shop)).seen.names.size).toBe(0)

  const label = { id: '7', name: 'Hot lead', color: 4, deleted: false, predefinedId: 0 }
  await app.socket.addLabel('', label)
  expect(await shop.labels()).toEqual([{ id: '7', name: 'Hot lead', color: 4, by: 1 }])
  await app.socket.addChatLabel(`${(await ana.view()).lid}@lid`, '7')
  expect(await shop.labelsOn(ana)).toEqual(['Hot lead'])
  await app.socket.removeChatLabel(`${(await ana.view()).lid}@lid`, '7')
  expect(await shop.labelsOn(ana)).toEqual([])
  expect((await shop.createLabel('Next')).id).toBe('8')
  await app.socket.addLabel('', { ...label, deleted: true })
  expect((await shop.labels()).map(({ name }) => name)).toEqual(['Next'])
  await app.socket.updateProfileName('Shop by the sea')
  expect((await shop.view()).name).toBe('Shop by the sea')
  const [labelled] = (await phones.history()).filter((event) => event.kind === 'chat-labelled' && event.by === 1)
  expect(labelled).toMatchObject({ phone: shop.number, chat: ana.number, label: 'Hot lead', labelId: '7' })
})

test('a phone without WhatsApp Business has no labels', async () => {
  const ben = await phones.create({ name: 'Ben', platform: 'iphone' })
  await expect(ben.createLabel('VIP')).rejects.toThrow('Only WhatsApp Business has labels')
  expect((await ben.view()).hasLabels).toBe(false)
})

test('two linked devices end up with the same, also after one was away', async () => {
  const shop = await phones.create({ name: 'Shop', platform: 'smba' })
  const ana = await phones.create({ name: 'Annie' })
  const one = await linked(shop)
  const two = await linked(shop)
  const jid = `${ana.number}@s.whatsapp.net`
  await one.app.socket.addOrEditContact(jid, { fullName: 'Ana' })
  await shop.waitForContact(ana, 'Ana')
  await two.seen.until('the other device’s contact', () => two.seen.names.get(jid) === 'Ana')
  await two.app.stop()
  const label = await shop.createLabel('VIP')
  await one.seen.until('the label', () => one.seen.labels.has(label.id))
  await Promise.all([one.app.socket.addChatLabel(jid, label.id), shop.waitForLabels(ana, ['VIP'])])
  await shop.renameContact(ana, 'Ana García')
  await shop.setName('Shop & Co')
  await two.app.reconnect()
  await two.seen.until('everything', () => {
    const { names, labels, labelled } = two.seen
    return names.get(jid) === 'Ana García' && labels.has(label.id) && labelled.has(`${label.id} ${jid}`)
  })
  await one.seen.until('the last name', () => one.seen.names.get(jid) === 'Ana García')
  await two.app.waitForAny('the own name', () => (two.app.auth.creds.me?.name === 'Shop & Co' ? true : undefined))
  expect(await shop.labelsOn(ana)).toEqual(['VIP'])
})

test('history names people as they were saved, and tells who has which private id', async () => {
  const shop = await phones.create({ name: 'Shop' })
  const bob = await phones.create({ name: 'Bobby' })
  const eve = await phones.create({ name: 'Eve' })
  await bob.sendText(shop, 'first of many')
  for (let n = 0; n < 60; n++) await bob.sendText(shop, `message ${n}`)
  await eve.sendText(shop, 'hello')
  await shop.saveContact(bob, 'Bob Miller')
  await shop.saveContact('34699888777', 'Never met')
  const { app, seen } = await linked(shop)
  await seen.until('push names', () => seen.pushNames.size === 2)
  expect(Object.fromEntries(seen.pushNames)).toEqual({
    [`${bob.number}@s.whatsapp.net`]: 'Bobby',
    [`${eve.number}@s.whatsapp.net`]: 'Eve',
  })
  const sets = () =>
    app.seen.flatMap((entry) =>
      entry.kind === 'event' && entry.name === 'messaging-history.set'
        ? [entry.value as { contacts: { id: string; name?: string }[]; messages: { message: object }[] }]
        : [],
    )
  await seen.until('all messages', () => sets().flatMap(({ messages }) => messages).length === 62)
  const named = sets().flatMap(({ contacts }) => contacts.filter(({ id }) => id.endsWith('@lid')))
  const lids = { bob: (await bob.view()).lid, eve: (await eve.view()).lid }
  expect(named.find(({ id }) => id === `${lids.bob}@lid`)?.name).toBe('Bob Miller')
  expect(named.find(({ id }) => id === `${lids.eve}@lid`)?.name).toBeUndefined()
  const lid = await app.socket.signalRepository.lidMapping.getLIDForPN('34699888777@s.whatsapp.net')
  expect(lid).toMatch(/@lid$/)
})
