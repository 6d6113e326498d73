import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectCrm } from './client'
import { startFakeApp } from './fake-app'

/** The emulator as a process of its own, and what a person's browser is given. */
let app: Awaited<ReturnType<typeof startFakeApp>>
let dataDir: string
let child: ChildProcess | undefined
const children: ChildProcess[] = []

beforeAll(async () => {
  app = await startFakeApp()
  dataDir = mkdtempSync(join(tmpdir(), 'crm-process-'))
})
afterAll(async () => {
  for (const one of children) one.kill('SIGKILL')
  await app.close()
  rmSync(dataDir, { recursive: true })
})

async function start(): Promise<{ url: string; webhookPublicKey: string }> {
  const options = { app: app.registration, dataDir, phonesUrl: 'http://localhost:9/' }
  child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  for await (const line of lines) return JSON.parse(line) as { url: string; webhookPublicKey: string }
  throw new Error('the emulator ended before it was ready')
}

const ended = (process: ChildProcess | undefined) =>
  new Promise<number | null>((resolve) => process?.once('exit', (code) => resolve(code)))

it('killed without warning it comes back with everything, and ends cleanly when asked', async () => {
  const first = await start()
  const crm = connectCrm(first.url)
  const place = (await crm.state()).locations[0]?.id ?? ''
  await crm.install(place)
  const contact = await crm.createContact(place, { name: 'Pat Doe', phone: '+12025550123' })
  const texts = Array.from({ length: 50 }, (_, index) => `m${index}`)
  await crm.writeMany(texts.map((text) => ({ contactId: contact.id, text })))
  const gone = ended(child)
  child?.kill('SIGKILL')
  await gone

  const second = await start()
  expect(second.webhookPublicKey).toBe(first.webhookPublicKey)
  const again = connectCrm(second.url)
  expect((await again.conversation(contact.id)).map((one) => one.body)).toEqual(texts)
  await again.webhooksIdle()
  const told = await again.history(0, ['webhook'])
  const delivered = told
    .filter((one) => one.destination === 'delivery' && one.status === 200)
    .map((one) => one.messageId)
  expect(new Set(delivered).size).toBe(texts.length)

  const left = ended(child)
  child?.kill('SIGTERM')
  expect(await left).toBe(0)
})

it('serves its pages and only those files; what browsers ask by themselves is no violation', async () => {
  const { url } = await start()
  const place = (await connectCrm(url).state()).locations[0]?.id ?? ''
  for (const path of ['/', '/apps', '/app', `/l/${place}`, `/l/${place}/app`]) {
    const answer = await fetch(new URL(path, url))
    expect([answer.status, answer.headers.get('content-type')], path).toEqual([200, 'text/html; charset=utf-8'])
    const script = /src="(\/assets\/[\w.]+)"/.exec(await answer.text())?.[1] ?? ''
    const queue = [script]
    for (let asset = queue.pop(); asset; asset = queue.pop()) {
      const got = await fetch(new URL(asset, url))
      expect([got.status, got.headers.get('content-type')], asset).toEqual([200, 'text/javascript; charset=utf-8'])
      for (const [, name = ''] of (await got.text()).matchAll(/from '\.\/([\w.]+)'/g)) queue.push(`/assets/${name}`)
    }
  }
  expect((await fetch(new URL('/assets/crm.css', url))).status).toBe(200)
  for (const path of ['/assets/pages.ts', '/assets/..%2fserver.ts', '/favicon.ico', '/.well-known/x'])
    expect((await fetch(new URL(path, url))).status, path).toBe(404)
  expect(await connectCrm(url).violations()).toEqual([])
  expect(readFileSync(join(dataDir, 'webhook-key.pem'), 'utf8')).toContain('PRIVATE KEY')
})
