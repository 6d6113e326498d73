// The acceptance cases of routing, by number: which number a message leaves from, as the people at both ends see it. Case 17 is
// in later.spec.ts, where time moves.
import { expect, test } from '../fixtures'
import { makeWorld, type World } from './acceptance-world'

test.describe.configure({ mode: 'default' })

test.describe('with three numbers', () => {
  let world: World
  test.beforeAll(async ({ browser, crm, phones, places }) => {
    world = await makeWorld({ browser, crm, phones, places }, ['Sales', 'Support', 'Desk'])
  })
  test.afterAll(() => world?.close())

  test('case 1: #WH2 sends on 2, in lower case, in the middle, at the end', async () => {
    const ana = await world.customer('Ana')
    for (const text of ['#WH2 Hello', '#wh2 again', 'in #WH2 the middle', 'at the end #Wh2'])
      await world.inbox.write(text)
    await world.arrives(ana, 'Support', 'at the end')
    expect(await world.got(ana, 'Support')).toEqual(['Hello', 'again', 'in the middle', 'at the end'])
    expect(await world.got(ana, 'Sales')).toEqual([])
    await expect.poll(() => world.why('#WH2 Hello')).toBe('Sent on Support because the text says #WH2.')
  })

  test('case 2: a priority nobody has fails, and nothing leaves from 1', async () => {
    const ana = await world.customer('Ana')
    const bubble = await world.inbox.write('#WH4 nobody there')
    await expect(bubble.getByText('Failed', { exact: true })).toBeVisible()
    await expect(bubble.getByText('Not sent: #WH4 has no WhatsApp number in this sub-account.')).toBeVisible()
    expect(await world.logged('nobody there')).toMatchObject({ failure: { code: 'session_not_found' } })
    expect(await world.got(ana, 'Sales')).toEqual([])
  })

  test('case 3: waited for, it leaves when 2 is back; in vain, it fails and says so', async () => {
    const ana = await world.customer('Ana')
    const support = world.line('Support')
    const drop = async () => {
      await world.phones.loginAnswer(support.number, 503, 1_000)
      await world.phones.closeConnections(support.number, 503)
      await expect
        .poll(async () => (await world.sessions()).find(({ label }) => label === 'Support')!.status)
        .toBe('reconnecting')
    }
    await world.set({ holdMinutes: 60 })
    await drop()
    const waits = await world.inbox.write('#WH2 when you are back')
    await expect(waits.getByText('Pending')).toBeVisible()
    await expect.poll(() => world.statusOf('when you are back')).toBe('held')
    await world.phones.loginAnswer(support.number, 503, 0)
    // By itself it would be back after a time that is left to chance.
    await world.ask('POST', `/sessions/${await world.sessionId('Support')}/restart`)
    await ana.phone.waitForText(support, 'when you are back', 60_000)
    await expect(waits.getByText('Delivered')).toBeVisible()
    expect((await world.logged('when you are back')).trace!.holdMs).toBeGreaterThan(0)

    await world.set({ holdMinutes: 1 })
    await drop()
    const inVain = await world.inbox.write('#WH2 too late by then')
    await expect(inVain.getByText(/^Not sent: Support \(\+\d+\) did not come back within 1 minute\./)).toBeVisible()
    expect(await world.logged('too late by then')).toMatchObject({ failure: { code: 'session_down_timeout' } })
    expect(await world.got(ana, 'Sales')).toEqual([])

    await world.set({ holdMinutes: 10 })
    await world.phones.loginAnswer(support.number, 503, 0)
    await world.ask('POST', `/sessions/${await world.sessionId('Support')}/restart`)
    await expect
      .poll(async () => (await world.sessions()).find(({ label }) => label === 'Support')!.status)
      .toBe('connected')
    await world.inbox.write('#WH2 and after it')
    await world.arrives(ana, 'Support', 'and after it')
    expect(await world.got(ana, 'Support')).toEqual(['when you are back', 'and after it'])
  })

  test('case 4: it leaves from the number the contact last wrote to', async () => {
    const ana = await world.customer('Ana')
    await world.writes(ana, 'Desk', 'hello desk')
    await world.inbox.write('from the desk')
    await world.arrives(ana, 'Desk', 'from the desk')
    await expect.poll(() => world.why('from the desk')).toBe('Sent on Desk because the contact last wrote there.')
    await expect(world.inbox.note(/Received on Desk \(\+\d+\)/)).toBeVisible()
    await world.writes(ana, 'Sales', 'hello sales')
    await expect(world.inbox.note(/Received on Sales \(\+\d+\)/)).toBeVisible()
    await world.inbox.write('from sales')
    await world.arrives(ana, 'Sales', 'from sales')
  })

  test('case 5: who never wrote stays on the number a code reached them from', async () => {
    const ana = await world.customer('Ana')
    await world.inbox.write('#WH2 first')
    await world.arrives(ana, 'Support', 'first')
    await expect(world.inbox.sent('first').getByText('Delivered')).toBeVisible()
    await world.inbox.write('second')
    await world.arrives(ana, 'Support', 'second')
    expect(await world.got(ana, 'Sales')).toEqual([])
  })

  test('case 6: one code moves nothing, unless the sub-account wants it to', async () => {
    const ana = await world.customer('Ana')
    await world.writes(ana, 'Sales', 'I write to sales')
    await world.inbox.write('#WH2 one from support')
    await world.arrives(ana, 'Support', 'one from support')
    await world.inbox.write('back on sales')
    await world.arrives(ana, 'Sales', 'back on sales')
    await world.set({ codeRepins: true })
    await world.inbox.write('#WH2 for good')
    await world.arrives(ana, 'Support', 'for good')
    await expect(world.inbox.sent('for good').getByText('Delivered')).toBeVisible()
    await world.inbox.write('still support')
    await world.arrives(ana, 'Support', 'still support')
    await world.set({ codeRepins: false })
  })

  test('case 7: the owner’s number, the sender’s number, else the lowest priority', async () => {
    const [uma, zoe] = [await world.addUser('Uma', 'user'), await world.addUser('Zoe', 'user')]
    const assign = async (label: string, assignedUserId: string | null) =>
      world.ask('PATCH', `/sessions/${await world.sessionId(label)}`, { assignedUserId })
    await assign('Desk', uma.id)
    await assign('Support', zoe.id)
    const owned = await world.customer('Owned', { assignedTo: uma.id })
    await world.inbox.write('from the owner’s')
    await world.arrives(owned, 'Desk', 'from the owner’s')
    const nobodys = await world.customer('Nobodys')
    await world.crm.write(nobodys.contact, 'a workflow writes', { as: 'workflow' })
    await world.arrives(nobodys, 'Sales', 'a workflow writes')
    const fresh = await world.customer('Fresh')
    await world.crm.write(fresh.contact, 'Zoe writes', { as: zoe.id })
    await world.arrives(fresh, 'Support', 'Zoe writes')
    expect((await world.logged('Zoe writes')).trace).toMatchObject({ rule: 5 })
    await assign('Desk', null)
    await assign('Support', null)
  })

  test('case 9: a workflow sets the account tag of Support, and the old one goes', async () => {
    const ana = await world.customer('Ana')
    await world.writes(ana, 'Sales', 'sales first')
    const tags = async () => (await world.crm.contacts(world.location.id)).find(({ id }) => id === ana.contact.id)!.tags
    await expect.poll(tags).toContain('wa-account-sales')
    await world.crm.changeContact(ana.contact, { tags: ['wa-account-sales', 'wa-account-support'] })
    await expect
      .poll(async () => (await tags()).filter((tag) => tag.startsWith('wa-account-')))
      .toEqual(['wa-account-support'])
    await world.inbox.write('from support now')
    await world.arrives(ana, 'Support', 'from support now')
  })

  test('case 10: a swap of 1 and 2 leaves what was bound where it is', async () => {
    const ana = await world.customer('Ana')
    const sales = world.line('Sales')
    const [first, second] = [await world.sessionId('Sales'), await world.sessionId('Support')]
    await world.phones.loginAnswer(sales.number, 503, 1_000)
    await world.phones.closeConnections(sales.number, 503)
    await expect.poll(async () => (await world.sessions()).find(({ id }) => id === first)!.status).toBe('reconnecting')
    const bound = await world.inbox.write('#WH1 bound before')
    await expect(bound.getByText('Pending')).toBeVisible()
    await expect.poll(() => world.statusOf('bound before')).toBe('held')
    await world.ask('PUT', `/sessions/${first}/priority`, { priority: 2 })
    await world.inbox.write('#WH1 written after')
    await world.arrives(ana, 'Support', 'written after')
    await world.phones.loginAnswer(sales.number, 503, 0)
    await world.ask('POST', `/sessions/${first}/restart`)
    await world.arrives(ana, 'Sales', 'bound before')
    await world.ask('PUT', `/sessions/${second}/priority`, { priority: 2 })
    expect((await world.sessions()).map(({ label }) => label)).toEqual(['Sales', 'Support', 'Desk'])
  })

  test('case 12: a code alone has nothing to send', async () => {
    await world.customer('Ana')
    const bubble = await world.inbox.write('#WH2')
    await expect(bubble.getByText('Not sent: the message has no text besides its codes.')).toBeVisible()
    expect(await world.logged('#WH2')).toMatchObject({ failure: { code: 'empty_after_codes' } })
  })
  test.skip('case 12, image: a code with an image sends the image without a caption (waits for media)', () => {})
  test.skip('case 1, caption: a code in a caption (waits for media)', () => {})

  test('case 13: of two codes the first decides, both go, and the log warns', async () => {
    const ana = await world.customer('Ana')
    await world.inbox.write('#WH1 two codes #WH2')
    await world.arrives(ana, 'Sales', 'two codes')
    expect(await world.got(ana, 'Sales')).toEqual(['two codes'])
    expect((await world.logged('two codes')).trace!.warnings).toEqual(['code_conflict'])
  })

  test('case 14: what only looks like a code is left alone, and a doubled mark is delivered as one', async () => {
    const ana = await world.customer('Ana')
    const untouched = ['#WH123 units', 'x#WH2', 'see https://a.b/#WH2']
    for (const text of untouched) await world.inbox.write(text)
    await world.inbox.write('costs ##WH2')
    await world.arrives(ana, 'Sales', 'costs #WH2')
    expect(await world.got(ana, 'Sales')).toEqual([...untouched, 'costs #WH2'])
  })

  test.skip('case 15: a code that names a number outside the group fails (waits for groups)', () => {})

  test('case 16: seen by number and by their hidden name, a person has one conversation', async () => {
    const ana = await world.customer('Ana')
    await world.inbox.write('#WH2 by number')
    await world.arrives(ana, 'Support', 'by number')
    await world.writes(ana, 'Desk', 'by my other name')
    await world.inbox.write('one conversation')
    await world.arrives(ana, 'Desk', 'one conversation')
    const same = (await world.crm.contacts(world.location.id)).filter(({ phone }) => phone === ana.contact.phone)
    expect(same.map(({ id }) => id)).toEqual([ana.contact.id])
  })

  test('case 18: the same message handed over twice is sent once', async () => {
    const ana = await world.customer('Ana')
    const written = await world.crm.write(ana.contact, 'handed over twice')
    await world.arrives(ana, 'Sales', 'handed over twice')
    await expect.poll(() => world.crm.taken(written)).toHaveLength(1)
    await world.crm.resendWebhook(String((await world.crm.taken(written))[0]!.webhookId))
    await expect.poll(() => world.crm.taken(written)).toHaveLength(2)
    await world.inbox.write('and this after it')
    await world.arrives(ana, 'Sales', 'and this after it')
    expect(await world.got(ana, 'Sales')).toEqual(['handed over twice', 'and this after it'])
  })
})

test.describe('with numbers that go', () => {
  let world: World
  test.beforeAll(async ({ browser, crm, phones, places }) => {
    world = await makeWorld({ browser, crm, phones, places }, ['Sales', 'Support', 'Desk'])
  })
  test.afterAll(() => world?.close())

  test('case 8: logged out, the contact’s number fails by default; with fallback another sends and the thread says so', async () => {
    const ana = await world.customer('Ana')
    await world.writes(ana, 'Support', 'hello support')
    const [device] = (await world.line('Support').view()).devices
    await world.line('Support').unlink(device!.device)
    await expect(world.app.card('Support').getByText('Re-scan needed', { exact: true })).toBeVisible()
    const failed = await world.inbox.write('nobody takes its place')
    await expect(
      failed.getByText(/^Not sent: Support \(\+\d+\) is logged out\. Re-scan it in Sessions\.$/),
    ).toBeVisible()

    await world.set({ whenContactSessionIsDown: 'fallback' })
    await world.inbox.write('another number then')
    await world.arrives(ana, 'Sales', 'another number then')
    await expect
      .poll(() => world.why('another number then'))
      .toBe('Sent on Sales instead of Support, which is logged out, because it has the first priority.')
    expect((await world.logged('another number then')).trace).toMatchObject({ fallbackFrom: { label: 'Support' } })
    await expect(
      world.inbox.page
        .getByRole('log')
        .getByText(/^Sales \(\+\d+\) sent this instead of Support, which is logged out\.$/),
    ).toBeVisible()
    await world.set({ whenContactSessionIsDown: 'fail' })
  })

  test('case 11: deleting 2 leaves 3 its number, and the next new session gets 2', async () => {
    await world.ask('DELETE', `/sessions/${await world.sessionId('Support')}`)
    expect((await world.sessions()).map(({ label, priority }) => [label, priority])).toEqual([
      ['Sales', 1],
      ['Desk', 3],
    ])
    const ana = await world.customer('Ana')
    const bubble = await world.inbox.write('#WH2 deleted')
    await expect(bubble.getByText('Not sent: #WH2 has no WhatsApp number in this sub-account.')).toBeVisible()
    await world.inbox.write('#WH3 still there')
    await world.arrives(ana, 'Desk', 'still there')
    await world.link('Newcomer')
    await world.inbox.write('#WH2 the new one')
    await world.arrives(ana, 'Newcomer', 'the new one')
  })
})
