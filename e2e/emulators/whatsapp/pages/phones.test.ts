import { chromium, type Browser, type Page } from '@playwright/test'
import { QRCodeSVG } from 'qrcode.react'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findOrInstallChromium } from '@/scripts/chromium'
import { BareApp } from '../bare-app'
import { connectPhones, type Phones } from '../client'
import { startWhatsAppEmulator, type WhatsAppEmulator } from '../server'
import { trustEmulator } from '../trust'

let emulator: WhatsAppEmulator
let phones: Phones
let browser: Browser
let page: Page
const apps: BareApp[] = []
const broken: string[] = []

function newApp(): BareApp {
  const app = new BareApp(emulator.webSocketUrl).connect()
  apps.push(app)
  return app
}

beforeAll(async () => {
  emulator = await startWhatsAppEmulator()
  trustEmulator(emulator.rootPublicKey)
  phones = connectPhones(emulator.url)
  browser = await chromium.launch({ executablePath: findOrInstallChromium(), args: ['--no-sandbox'] })
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('pageerror', (error) => broken.push(error.message))
  page.on('console', (message) => message.type() === 'error' && broken.push(message.text()))
})
afterAll(async () => {
  for (const app of apps) await app.stop()
  await browser.close()
  await emulator.close()
})

async function dropOnScanner(data: { text?: string; picture?: string }): Promise<void> {
  const transfer = await page.evaluateHandle(({ text, picture }) => {
    const made = new DataTransfer()
    if (text) made.setData('text/plain', text)
    if (picture) made.items.add(new File([picture], 'code.svg', { type: 'image/svg+xml' }))
    return made
  }, data)
  await page.getByRole('region', { name: 'Scanner' }).dispatchEvent('drop', { dataTransfer: transfer })
}

test('a person adds a phone, links devices in every way, talks and unlinks, with a mouse', async () => {
  await page.goto(emulator.url)
  await page.getByRole('button', { name: 'Add phone' }).click()
  await page.getByLabel('Name').fill('Sales desk')
  await page.getByLabel('Number').fill('+34 600 111 222')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('tab', { name: 'Linked devices' }).click()

  const dragged = newApp()
  await dropOnScanner({ text: await dragged.qr() })
  expect(await dragged.closed()).toBe(515)

  const pictured = newApp()
  const drawing = renderToStaticMarkup(createElement(QRCodeSVG, { value: await pictured.qr(), size: 264 }))
  await dropOnScanner({ picture: drawing.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"') })
  expect(await pictured.closed()).toBe(515)

  const pasted = newApp()
  await page.getByLabel("The code's link").fill(await pasted.qr())
  await page.getByRole('button', { name: 'Link', exact: true }).click()
  expect(await pasted.closed()).toBe(515)

  const typed = newApp()
  await typed.qr()
  const code = await typed.socket.requestPairingCode('34600111222')
  await phones.waitFor({ kind: 'code-offered', number: '34600111222' })
  await page.getByLabel('Pairing code').fill(code)
  await page.getByRole('button', { name: 'Link with code' }).click()
  expect(await typed.closed()).toBe(515)
  await typed.reconnect()

  const unlink = page.getByRole('button', { name: 'Unlink' })
  await expect.poll(() => unlink.count()).toBe(4)
  await unlink.first().click()
  await expect.poll(() => unlink.count()).toBe(3)

  const ana = await phones.create({ name: 'Ana' })
  await ana.sendText('34600111222', 'Is it still there?')
  await page.getByRole('tab', { name: 'Chats' }).click()
  // The button goes down while an answer is under way, and up when it has come.
  const chat = page.locator('#chat-list').getByRole('button', { name: /Ana/ })
  await chat.hover()
  await page.route('**/control/list', async (route) => {
    await page.mouse.down()
    await route.continue()
  })
  await Promise.all([page.waitForResponse('**/control/list'), ana.sendText('34600111222', 'Really?')])
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
  await page.unrouteAll({ behavior: 'wait' })
  await page.mouse.up()
  const asked = (await ana.chat('34600111222'))[0]
  await ana.waitForStatus('34600111222', asked?.id ?? '', 'read')
  await page.getByPlaceholder('Message').fill('Yes, it is')
  await page.getByRole('button', { name: 'Send' }).click()
  await ana.waitForText('34600111222', 'Yes, it is')
  expect((await typed.text('Yes, it is')).key.fromMe).toBe(true)
  await ana.read('34600111222')
  await page.getByRole('img', { name: 'Read' }).waitFor()
})

test('a person answers, likes, edits and deletes one message, and sends other things', async () => {
  const ana = (await phones.list()).find(({ name }) => name === 'Ana')
  const desk = phones.phone('34600111222')
  if (!ana) throw new Error('Ana is gone')
  const bubble = (text: string) => page.locator('.bubble', { hasText: text }).last()
  const use = async (text: string, tool: string) => {
    await bubble(text).hover()
    await bubble(text).getByRole('button', { name: tool }).click()
  }
  await use('Is it still there?', 'Like')
  await phones.waitFor({ kind: 'changed', phone: ana.number, content: 'reaction' })
  await use('Is it still there?', 'Reply')
  await page.getByPlaceholder('Message').fill('This one?')
  await page.getByPlaceholder('Message').press('Enter')
  const answered = await phones.phone(ana.number).waitForText(desk, 'This one?')
  expect(answered.quotedId).toBe((await desk.chat(ana.number))[0]?.id)
  await use('This one?', 'Edit')
  await page.getByPlaceholder('Message').fill('That one?')
  await page.getByRole('button', { name: 'Send' }).click()
  await phones.phone(ana.number).waitForText(desk, 'That one?')
  await use('That one?', 'Delete')
  await phones.waitFor({ kind: 'changed', phone: ana.number, content: 'delete' })
  await page.getByRole('button', { name: 'Attach' }).click()
  await page.getByRole('button', { name: 'Location' }).click()
  await phones.phone(ana.number).waitForText(desk, (each) => each.kind === 'location')
})

test('it fits a narrow screen and nothing broke in it', async () => {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.getByRole('button', { name: 'All chats' }).click()
  await page.getByRole('button', { name: 'All phones' }).click()
  await page.getByRole('button', { name: 'Add phone' }).waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  expect(broken).toEqual([])
})
