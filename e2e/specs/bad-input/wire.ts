// The app's HTTP without a browser's manners.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { CrmClient } from '@/e2e/emulators/highlevel/client'
import type { User } from '@/e2e/emulators/highlevel/nouns'
import { openKept } from '@/e2e/sandbox/kept'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  json: unknown
}

export interface Sending {
  method?: string
  /** A list sends a header more than once. */
  headers?: Record<string, string | string[]>
  body?: string | Buffer | undefined
  /** In pieces of unannounced length. */
  chunked?: boolean
}

export async function send(url: string, { method = 'POST', headers = {}, body, chunked = false }: Sending = {}) {
  const length = body === undefined || chunked ? {} : { 'content-length': Buffer.byteLength(body) }
  const request = httpRequest(url, { method, headers: { ...length, ...headers }, agent: false })
  // The app may hang up on what is too long before all of it was written.
  const response = Promise.race([
    once(request, 'response') as Promise<[IncomingMessage]>,
    once(request, 'close').then(() => Promise.reject(new Error(`${method} ${new URL(url).pathname}: no answer`))),
  ])
  if (body === undefined) request.end()
  else if (!chunked) request.end(body)
  else {
    const bytes = Buffer.from(body)
    for (let at = 0; at < bytes.length; at += 65_536) request.write(bytes.subarray(at, at + 65_536))
    request.end()
  }
  const [got] = await response
  return readAnswer(got)
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response
  // A stream does not end by itself; that it began is the answer.
  if (headers['content-type']?.startsWith('text/event-stream')) {
    response.destroy()
    return { status, headers, text: '', json: null }
  }
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  let json: unknown = null
  try {
    json = JSON.parse(text)
  } catch {
    // A page.
  }
  return { status, headers, text, json }
}

export const asJson = (body: unknown, headers: Record<string, string> = {}): Sending => ({
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

/** As the CRM hands over: told to come again, which a slow machine may do at any time, it does. */
export async function handOver(url: string, sending: Sending): Promise<Answer> {
  for (;;) {
    const answer = await send(url, sending)
    if (answer.status !== 429) return answer
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
}

/** An address of one's own, since too many failures from one are answered 429. */
export const fromSomewhere = (): Record<string, string> => ({
  'x-forwarded-for': [10, ...randomBytes(3)].join('.'),
})

export async function signIn(app: string, crm: CrmClient, user: User, location?: string): Promise<string> {
  const payload = await crm.ssoPayload({ user: user.id, ...(location ? { location } : {}) })
  const answer = await send(`${app}/api/sso`, asJson({ payload }, fromSomewhere()))
  if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${answer.text}`)
  return (answer.json as { token: string }).token
}

/** Where the CRM posts messages to deliver. */
export function deliveryUrl(app: string): string {
  const folder = process.env.E2E_DATA
  if (!folder) throw new Error('E2E_DATA is not set: start the specs with "npm run e2e".')
  return `${app}/api/webhooks/delivery/${openKept(folder).values.HIGHLEVEL_DELIVERY_SECRET}`
}

/** Every route of the build that is running, as its path with `[parameters]`. */
export function builtRoutes(): string[] {
  const manifest = readFileSync(join(process.cwd(), '.next', 'app-path-routes-manifest.json'), 'utf8')
  return Object.values(JSON.parse(manifest) as Record<string, string>)
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

export const itemsOf = (answer: Answer) => (answer.json as { items: { id: string; crmMessageId?: string }[] }).items
