// Text from outside is text everywhere it is shown.
import type { Page } from '@playwright/test'
import { expect, test } from '../../fixtures'
import type { AppFrame } from '../app-frame'

const run = 'window.ran=1'
const payloads = [
  `<img src=x onerror="parent.postMessage('ran','*');${run}">`,
  `"><svg onload=${run}>`,
  `javascript:${run}`,
  `{{constructor.constructor('${run}')()}}`,
  `</script><script>${run}</script>`,
  `<iframe srcdoc="<script>parent.ran=1</script>"></iframe>`,
  `<svg><animate onbegin=${run} attributeName=x dur=1s>`,
  `<details open ontoggle=${run}>x</details>`,
  `<style>@import 'data:text/css,*{}';</style><input autofocus onfocus=${run}>`,
  `\${alert(1)}<math><mtext></p><script>${run}</script>`,
  `'-${run}-'`,
  `<a href="data:text/html,<script>${run}</script>">x</a>`,
]

/** What the page's policy refused, in the frame of the app: nothing of ours, and nothing that came in. */
async function watchPolicy({ frame }: AppFrame): Promise<() => Promise<string[]>> {
  const body = frame.locator('body')
  await body.evaluate(() => {
    const refused: string[] = []
    Object.assign(window, { refused })
    document.addEventListener('securitypolicyviolation', (event) =>
      refused.push(`${event.effectiveDirective} ${event.blockedURI}`),
    )
  })
  return () => body.evaluate(() => (window as unknown as { refused: string[] }).refused)
}

test('names, labels and messages that are markup are shown as they were written', async ({
  context,
  crm,
  installed,
  openApp,
  openInbox,
  newPhone,
}) => {
  const label = '<b onclick=window.ran=1>Sales</b>'
  const [business, stranger] = [await newPhone(), await newPhone({ name: payloads[0]! })]
  const app = await openApp(installed)
  const refused = await watchPolicy(app)
  const card = await app.link(label, business)
  await expect(card.getByRole('heading', { name: label })).toBeVisible()
  for (const payload of payloads) await stranger.sendText(business, payload)
  const inbox = await openInbox(installed, { page: await context.newPage() })
  await inbox.choose(payloads[0]!)
  for (const payload of payloads) await expect(inbox.received(payload)).toBeVisible()

  await app.showMessages()
  const log = app.frame.getByRole('list', { name: 'Messages' })
  for (const payload of payloads) await expect(log.getByText(payload, { exact: true }).first()).toBeVisible()
  await expect(log.getByText(label, { exact: true }).first()).toBeVisible()
  const ran = (page: Page) => Promise.all(page.frames().map((frame) => frame.evaluate(() => 'ran' in window)))
  for (const page of [app.page, inbox.page]) expect(await ran(page)).not.toContain(true)
  expect(await refused()).toEqual([])
  expect((await crm.contacts(installed.id)).map((contact) => contact.phone)).toEqual([`+${stranger.number}`])
})

test('a script that got into a page would not run', async ({ installed, openApp, expectedComplaints }) => {
  const app = await openApp(installed)
  await expect(app.addButton).toBeVisible()
  const refused = await watchPolicy(app)
  expectedComplaints.push(/Content Security Policy/)
  const body = app.frame.locator('body')
  await body.evaluate((page) => {
    const add = (markup: string) => page.insertAdjacentHTML('beforeend', markup)
    add('<img src="data:," onerror="window.ran=1">')
    add('<iframe srcdoc="<script>parent.ran=1</script>"></iframe>')
    add('<a id="planted" href="javascript:window.ran=1">x</a>')
    page.querySelector<HTMLAnchorElement>('#planted')!.click()
  })
  await expect
    .poll(async () => new Set(await refused()))
    .toEqual(new Set(['script-src-attr inline', 'script-src-elem inline']))
  expect(await body.evaluate(() => 'ran' in window)).toBe(false)
})
