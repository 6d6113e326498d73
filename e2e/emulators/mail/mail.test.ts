import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createMailer } from '@/lib/mail/mailer'
import { openMailbox } from './client'
import { startMailEmulator } from './server'

it('keeps what it is sent, for whom, and shows it as text', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mails-'))
  let emulator = await startMailEmulator({ dataDir })
  const mailer = createMailer({ smtpUrl: emulator.smtpUrl, from: 'app@sandbox.localhost' })
  const mail = { id: 'one', subject: 'Málaga <b>', text: 'See https://app.example/x\n<script>', language: 'en' }
  await mailer.send({ ...mail, to: ['Ana@example.com', 'bo@example.com'] })
  mailer.close()
  const [arrived] = await openMailbox(emulator.url, 'ana@example.com').until(1)
  expect(arrived).toMatchObject({
    ...{ subject: 'Málaga <b>', text: 'See https://app.example/x\n<script>\n', from: 'app@sandbox.localhost' },
    ...{ to: ['ana@example.com', 'bo@example.com'], messageId: '<one@sandbox.localhost>' },
  })
  expect(await openMailbox(emulator.url, 'cy@example.com').list()).toEqual([])

  await emulator.close()
  emulator = await startMailEmulator({ dataDir })
  const page = await (await fetch(emulator.url)).text()
  expect(page).toContain('Málaga &lt;b&gt;')
  expect(page).toContain('<a href="https://app.example/x"')
  expect(page).not.toContain('<script>')
  await emulator.close()
  rmSync(dataDir, { recursive: true })
})
