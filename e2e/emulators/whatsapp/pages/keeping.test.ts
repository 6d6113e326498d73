import { chromium, type Browser, type Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findOrInstallChromium } from '@/scripts/chromium'
import { BareApp } from '../bare-app'
import { connectPhones, type PhoneClient, type Phones } from '../client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from '../server'
import { StateSeen } from '../state-seen'
import { trustEmulator } from '../trust'

let emulator: WhatsAppEmulator
let phones: Phones
let shop: PhoneClient
let app: BareApp
let seen: StateSeen
let browser: Browser
let page: Page
const broken: string[] = []
const ANA = '34600111222'
const jid = `${ANA}@s.whatsapp.net`

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
  shop = await phones.create({ name: 'Shop', platform: 'smba' })
  app = new BareApp(emulator.webSocketUrl, undefined, { appStateMacVerification: { patch: true, snapshot: true } })
  seen = new StateSeen(app)
  await app.linkByQr(shop)
  await seen.synced()
  browser = await chromium.launch({ executablePath: findOrInstallChromium(), args: ['--no-sandbox'] })
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('pageerror', (error) => broken.push(error.message))
  page.on('console', (message) => message.type() === 'error' && broken.push(message.text()))
  await page.goto(`${emulator.url}/#${shop.number}`)
})
afterAll(async () => {
  await app.stop()
  await browser.close()
  await emulator.close()
})

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const tab = (name: string) => page.getByRole('tab', { name })

test('a person keeps an address book with the mouse, and linked devices follow', async () => {
  await tab('Contacts').click()
  await page.getByText('No contacts saved').waitFor()
  await page.getByLabel('Name', { exact: true }).fill('Ana')
  await page.getByLabel('Number, with country code').fill('+34 600 111 222')
  await button('Save contact').click()
  await seen.until('Ana', () => seen.names.get(jid) === 'Ana')
  await page.getByText('1 contact', { exact: true }).waitFor()
  await button('Rename Ana').click()
  await page.getByLabel('New name').fill('Ana García')
  await button('Save').click()
  await seen.until('her whole name', () => seen.names.get(jid) === 'Ana García')
  await page.getByLabel('Name', { exact: true }).fill('Nobody')
  await page.getByLabel('Number, with country code').fill('12')
  await button('Save contact').click()
  await page.getByText('"12" is no phone number.').waitFor()
  await expect.poll(() => broken.length).toBe(1)
  expect(broken.pop()).toContain('409 (Conflict)')

  await app.socket.addOrEditContact('34600333444@s.whatsapp.net', { fullName: 'Ben from the app' })
  await page.getByText('+34600333444 · saved by Mac OS').waitFor()
  await page.getByLabel('Search contacts').fill('ben')
  await expect.poll(() => page.getByLabel('Contacts', { exact: true }).getByRole('listitem').count()).toBe(1)
  await button('Remove Ben from the app').click()
  await expect.poll(async () => (await shop.contacts()).map(({ name }) => name)).toEqual(['Ana García'])
  await page.getByText('Nobody has that name or number.').waitFor()
  await page.getByLabel('Search contacts').fill('')
})

test('a person renames with the keyboard alone, and takes it back with Escape', async () => {
  await button('Rename Ana García').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('Somebody else')
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Rename Ana García')
  await page.keyboard.press('Enter')
  await page.keyboard.type('Ana G.')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Rename Ana G.')
  expect(await shop.contacts()).toMatchObject([{ name: 'Ana G.' }])
})

test('a person makes labels and puts them on chats, and sees what the app did', async () => {
  await button('Write Ana G.').click()
  await button('Labels').click()
  await page.getByText('No labels yet. Create one in the tab Labels.').waitFor()
  await tab('Labels').click()
  await page.getByLabel('Label name', { exact: true }).fill('VIP')
  await button('Create label').click()
  await page.getByText('On no chat').waitFor()
  await seen.until('the label', () => seen.labels.get('1')?.name === 'VIP')
  await button('Rename VIP').click()
  await page.getByLabel('New label name').fill('Regular')
  await button('Save').click()
  await seen.until('its new name', () => seen.labels.get('1')?.name === 'Regular')

  await tab('Contacts').click()
  await button('Write Ana G.').click()
  await button('Labels').click()
  const box = page.getByRole('group', { name: 'Labels of this chat' }).getByLabel('Regular')
  await box.focus()
  await page.keyboard.press('Space')
  await seen.until('the label on the chat', () => seen.labelled.size === 1)
  expect(await shop.labelsOn(ANA)).toEqual(['Regular'])
  await expect.poll(() => box.isChecked()).toBe(true)
  await app.socket.removeChatLabel([...seen.labelled][0]?.split(' ')[1] ?? '', '1')
  await expect.poll(() => box.isChecked()).toBe(false)
  await box.check()
  await expect.poll(() => shop.labelsOn(ANA)).toEqual(['Regular'])

  await tab('Labels').click()
  await button('Take Regular off Ana G.').click()
  await page.getByText('On no chat').waitFor()
  await button('Delete Regular').click()
  await page.getByText('No labels yet.').waitFor()
  await seen.until('no label', () => seen.labels.get('1')?.deleted === true)
})

test('a person changes the name others see', async () => {
  await button('Edit profile name').click()
  await page.getByLabel('Profile name').fill('The Shop')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'The Shop' }).waitFor()
  await app.waitForAny('its own name', () => (app.auth.creds.me?.name === 'The Shop' ? true : undefined))
})

test('a phone without WhatsApp Business has no labels to show', async () => {
  const ben = await phones.create({ name: 'Ben' })
  await page.goto(`${emulator.url}/#${ben.number}`)
  await page.getByRole('heading', { name: 'Ben' }).waitFor()
  await tab('Contacts').waitFor()
  expect(await tab('Labels').count()).toBe(0)
  await tab('Chats').click()
  await page.getByLabel('Write to a number').fill(ANA)
  await button('Open').click()
  await page.getByPlaceholder('Message').waitFor()
  expect(await button('Labels').count()).toBe(0)
})

test('it fits 360 px, with 10,000 contacts and long names too, and nothing broke in it', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => ({
    number: `3462${String(n).padStart(6, '0')}1`,
    name: `Person ${n}`,
  }))
  await shop.saveContacts([...many, { number: ANA, name: 'Ana de las Mercedes García-Fernández y Etxeberria' }])
  const long = await shop.createLabel('A label whose name takes up more than one line on a narrow phone')
  await shop.labelChat(ANA, long)
  await page.setViewportSize({ width: 360, height: 740 })
  for (const screen of ['chats', 'contacts', 'labels', 'devices', `${ANA}`]) {
    await page.goto(`${emulator.url}/#${shop.number}${screen === 'chats' ? '' : `/${screen}`}`)
    await page.reload()
    if (screen === ANA) await button('Labels').click()
    else await tab('Contacts').waitFor()
    if (screen === 'contacts') await page.getByText('Only the first 100 are shown.').waitFor()
    const width = await page.evaluate(() =>
      Math.max(...[...document.querySelectorAll('body *')].map((each) => each.getBoundingClientRect().right)),
    )
    expect(width, screen).toBeLessThanOrEqual(360)
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${screen}.png` })
  }
  expect(broken).toEqual([])
})
