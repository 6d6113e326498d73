import { createPublicKey, verify } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connectCrm } from './client'
import type { AppRegistration, EmulatorOptions } from './options'
import { startHighLevelEmulator } from './server'

/** A stand-in for the app in the emulator's own tests: it keeps what it is sent and answers as told. */
export interface Heard {
  path: string
  headers: IncomingHttpHeaders
  raw: string
  body: Record<string, unknown>
}

type Told = number | { status: number; headers: Record<string, string | string[] | undefined> }

export async function startFakeApp() {
  const heard: Heard[] = []
  const waiting: { fits: (one: Heard) => boolean; resolve: (one: Heard) => void }[] = []
  let answer: (one: Heard) => Told | Promise<Told> = () => 200
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8')
      const body = raw ? (JSON.parse(raw) as Record<string, unknown>) : {}
      const one: Heard = { path: request.url ?? '', headers: request.headers, raw, body }
      heard.push(one)
      for (const waiter of waiting.filter((each) => each.fits(one))) {
        waiting.splice(waiting.indexOf(waiter), 1)
        waiter.resolve(one)
      }
      void Promise.resolve(answer(one)).then((told) => {
        const { status, headers } = typeof told === 'number' ? { status: told, headers: {} } : told
        response.writeHead(status, headers).end('ok')
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const registration: AppRegistration = {
    clientId: '66f2c1d4a9b37e0d5c8f1a20-m2q7xk9d',
    clientSecret: '00000000-0000-4000-8000-000000000000',
    ssoSecret: '00000000-1111-4222-8333-444444444444',
    providerId: '670c1e9ab45d2f7e83a09c14',
    smsProviderId: '670c1e9ab45d2f7e83a09c15',
    redirectUri: `${url}/oauth/callback`,
    deliveryUrl: `${url}/api/webhooks/delivery/secret`,
    webhookUrl: `${url}/api/webhooks/app`,
    customPageUrl: `${url}/embed`,
  }
  return {
    url,
    heard,
    registration,
    answerWith: (how: (one: Heard) => Told | Promise<Told>) => (answer = how),
    /** The first request, past or coming, that fits. */
    hears(fits: (one: Heard) => boolean): Promise<Heard> {
      const known = heard.find(fits)
      return known ? Promise.resolve(known) : new Promise((resolve) => waiting.push({ fits, resolve }))
    },
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

export function isSigned(one: Heard, publicKey: string): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  return verify(null, Buffer.from(one.raw), key, Buffer.from(String(one.headers['x-ghl-signature']), 'base64'))
}

/** An emulator, a fake app, and one sub-account with the app in it and a token to call with. */
export async function startPair(options: Partial<EmulatorOptions> = {}) {
  const app = await startFakeApp()
  const log: string[] = []
  const emulator = await startHighLevelEmulator({ app: app.registration, log: (line) => log.push(line), ...options })
  const crm = connectCrm(emulator.url)
  const [location] = (await crm.state()).locations
  if (!location) throw new Error('the seed made no sub-account')

  async function api(
    token: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers; text: string }> {
    const version = path.startsWith('/conversations') ? '2021-04-15' : '2021-07-28'
    const isForm = body instanceof URLSearchParams || body instanceof FormData
    const response = await fetch(new URL(path, emulator.url), {
      method,
      headers: {
        Version: version,
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: isForm ? body : body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    return {
      status: response.status,
      body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
      headers: response.headers,
      text,
    }
  }

  const credentials = { client_id: app.registration.clientId, client_secret: app.registration.clientSecret }
  const token = (fields: Record<string, string>) =>
    api(undefined, 'POST', '/oauth/token', new URLSearchParams({ ...credentials, ...fields }))

  async function installed(locationId: string): Promise<string> {
    const [outcome] = await crm.install(locationId)
    const { body } = await token({ grant_type: 'authorization_code', code: outcome?.code ?? '' })
    return String(body.access_token)
  }

  return {
    app,
    emulator,
    crm,
    location,
    log,
    api,
    token,
    installed,
    close: async () => {
      await emulator.close()
      await app.close()
    },
  }
}
