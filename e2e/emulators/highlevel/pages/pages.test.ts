import { type Browser, chromium, type Page } from '@playwright/test'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findOrInstallChromium } from '@/scripts/chromium'
import { connectCrm, type CrmClient } from '../client'
import { startFakeApp } from '../fake-app'
import { type HighLevelEmulator, startHighLevelEmulator } from '../server'
import { decryptUserData } from '../sso'

/** The pages as a person uses them, in a real browser, wide and narrow. */
const EMBED = `<p id="who">waiting</p><script>
addEventListener('message', (event) => {
  if (event.source === parent && event.data.message === 'REQUEST_USER_DATA_RESPONSE') who.textContent = event.data.payload
})
parent.postMessage({ message: 'REQUEST_USER_DATA' }, '*')
</script>`

let app: Awaited<ReturnType<typeof startFakeApp>>
let embed: Server
let emulator: HighLevelEmulator
let crm: CrmClient
let browser: Browser
let page: Page
const errors: string[] = []

beforeAll(async () => {
  app = await startFakeApp()
  embed = createServer((_request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(EMBED))
  await new Promise<void>((resolve) => embed.listen(0, '127.0.0.1', resolve))
  const customPageUrl = `http://127.0.0.1:${(embed.address() as AddressInfo).port}/embed`
  const registration = { ...app.registration, customPageUrl }
  emulator = await startHighLevelEmulator({ app: registration, timings: { statusRaceMs: 0 }, phonesUrl: app.url })
  crm = connectCrm(emulator.url)
  browser = await chromium.launch({ executablePath: findOrInstallChromium(), args: ['--no-sandbox'] })
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
})
afterAll(async () => {
  await browser.close()
  embed.closeAllConnections()
  embed.close()
  await emulator.close()
  await app.close()
})

/** Clicks slowly: while the button is down the page hears of a change and asks for what it shows. */
async function press(name: string, asked: string, change: () => Promise<unknown>) {
  await page.getByRole('button', { name }).hover()
  await page.mouse.down()
  await Promise.all([page.waitForResponse((response) => response.url().includes(asked)), change()])
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
  await page.mouse.up()
}

const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)

it('installs with clicks, from the front door to the app with a code', async () => {
  await page.goto(emulator.url)
  const card = page.getByRole('article').filter({ hasText: 'Harbour Dental' })
  expect(await page.getByRole('link', { name: 'Phones' }).getAttribute('href')).toBe(app.url)
  await card.getByRole('link', { name: 'Install' }).click()
  await page.getByRole('link', { name: 'Install in Harbour Dental' }).click()
  expect(await page.getByRole('radio', { name: 'Harbour Dental' }).isChecked()).toBe(true)
  await page.getByRole('button', { name: 'Install' }).click()
  await page.waitForURL(/\/oauth\/callback\?code=\w+$/)
  await page.goto(emulator.url)
  await card.getByText('Trunkline installed').waitFor()
})

it('writes with the keyboard and sees, live, how far each message gets', async () => {
  await page
    .getByRole('article')
    .filter({ hasText: 'Harbour Dental' })
    .getByRole('link', { name: 'Conversations' })
    .click()
  await page.getByRole('button', { name: 'Add contact' }).press('Enter')
  await page.getByLabel('Name').fill('Pat Doe')
  await page.getByLabel('Phone').fill('+1 202 555 0123')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Message' }).fill('Hello')
  await page.keyboard.press('Enter')
  await page.getByRole('article', { name: 'Sent' }).filter({ hasText: 'Hello' }).getByText('Pending').waitFor()

  const [place] = (await crm.state()).locations
  const [contact] = await crm.contacts(place?.id)
  const [message] = await crm.conversation(contact?.id ?? '')
  const [outcome] = await crm.install(place?.id ?? '')
  const { clientId, clientSecret } = app.registration
  const form = {
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'authorization_code',
    code: outcome?.code ?? '',
  }
  const token = await fetch(`${emulator.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token: access } = (await token.json()) as { access_token: string }
  const call = async (method: string, path: string, body: object) => {
    const headers = { Authorization: `Bearer ${access}`, Version: '2021-04-15', 'Content-Type': 'application/json' }
    const answer = await fetch(`${emulator.url}${path}`, { method, headers, body: JSON.stringify(body) })
    expect(answer.ok).toBe(true)
  }
  const push = (body: object) => call('PUT', `/conversations/messages/${message?.id}/status`, body)
  await push({ status: 'delivered' })
  await page.getByText('Delivered', { exact: true }).waitFor()
  await push({ status: 'read' })
  await page.getByText('Read', { exact: true }).waitFor()
  await push({ status: 'failed', error: { code: 'x', type: 'x', message: 'This number is not on WhatsApp.' } })
  await page.getByText('This number is not on WhatsApp.').waitFor()
  await press('Retry', '/control/inbox', () => crm.changeContact(contact!, { tags: ['new'] }))
  await page.getByText('Second try').waitFor()

  const inbound = { type: 'SMS', contactId: contact?.id, conversationProviderId: app.registration.providerId }
  await call('POST', '/conversations/messages/inbound', { ...inbound, direction: 'inbound', message: 'Hi <b>back</b>' })
  await page.getByRole('article', { name: 'Received' }).getByText('Hi <b>back</b>').waitFor()
})

it('attaches a file that the app can fetch', async () => {
  await page
    .getByLabel('Files')
    .setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('inside') })
  await page.getByRole('button', { name: 'Remove note.txt' }).waitFor()
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('link', { name: 'note.txt' }).waitFor()
  const heard = await app.hears((one) => Array.isArray(one.body.attachments) && one.body.attachments.length > 0)
  expect(await (await fetch(String((heard.body.attachments as string[])[0]))).text()).toBe('inside')
})

it('shows the app in a frame of another origin, told who looks at it', async () => {
  const told = async () => {
    await page.getByRole('link', { name: 'Trunkline' }).click()
    const who = page.frameLocator('iframe').getByText('U2FsdGVkX1')
    const payload = (await who.textContent()) ?? ''
    return JSON.parse(decryptUserData(app.registration.ssoSecret, payload)) as Record<string, unknown>
  }
  const [place] = (await crm.state()).locations
  expect(await told()).toMatchObject({ userName: 'Alex Kim', type: 'agency', activeLocation: place?.id })
  await page.getByLabel('Acting as').selectOption({ label: 'Sam Lee (Sub-account user)' })
  await expect.poll(async () => (await told()).userName).toBe('Sam Lee')
})

it('a sub-account user sees only what is theirs, and may uninstall it', async () => {
  await page.goto(emulator.url)
  await page.getByRole('heading', { name: 'Harbour Dental' }).waitFor()
  expect(await page.getByRole('heading', { name: 'Northside Realty' }).count()).toBe(0)
  await page.getByRole('link', { name: 'Apps' }).click()
  await page.getByRole('button', { name: 'Uninstall from Harbour Dental' }).waitFor()
  expect(await page.getByText('whole agency', { exact: false }).count()).toBe(1)
  page.once('dialog', (dialog) => void dialog.accept())
  await press('Uninstall from Harbour Dental', '/control/state', () => crm.createSubAccount('Later'))
  await page.getByRole('link', { name: 'Install in Harbour Dental' }).waitFor()
  await app.hears((one) => one.body.type === 'UNINSTALL')
})

it.each([1280, 360])('nothing scrolls sideways at %d px', async (width) => {
  await page.setViewportSize({ width, height: 740 })
  const [place] = (await crm.state()).locations
  const [contact] = await crm.contacts(place?.id)
  for (const path of [
    '/',
    '/apps',
    `/l/${place?.id}`,
    `/l/${place?.id}?contact=${contact?.id}`,
    `/l/${place?.id}/app`,
  ]) {
    await page.goto(new URL(path, emulator.url).toString())
    await page.getByRole('banner').waitFor()
    expect(await overflow(), path).toBeLessThanOrEqual(0)
  }
  expect(errors).toEqual([])
  expect(await crm.violations()).toEqual([])
})
