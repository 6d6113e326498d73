import http from 'node:http'
import https from 'node:https'
import type { PendingWebhook } from './nouns'
import type { Settings, SignatureMode } from './options'
import { newUuid, type Store } from './store'

/**
 * Sends webhooks the way the CRM does: signed, one attempt of each at a time, retried by one of its two regimes, and
 * with whatever trouble a test ordered. A **lane** is one conversation of one destination.
 */
export interface WebhookSender {
  send(webhook: Omit<PendingWebhook, 'attempts' | 'dueAt'>): void
  /** Resolves when everything sent so far was answered or given up. */
  idle(): Promise<void>
  pending(): PendingWebhook[]
  /** What a person does in the portal after the breaker paused a URL. */
  resume(): void
  /** Sends one of the last webhooks again, as the portal's log view does; false when it is no longer known. */
  resend(id: string): boolean
  close(): void
}

interface Wiring {
  settings: Settings
  store: Store
  urls: () => Record<PendingWebhook['destination'], string>
  sign: (body: string, mode: SignatureMode) => Record<string, string>
  record: (kind: string, fields: Record<string, unknown>) => void
  random: () => number
}

const TEN_MINUTES = 600_000
const MINUTE = 60_000
const RECENT = 5_000

/** How long until the next attempt, or null where the CRM gives up. */
export function retryDelay(
  settings: Settings['webhooks'],
  destination: PendingWebhook['destination'],
  status: number,
  attempts: number,
  random: () => number,
): number | null {
  if (destination === 'delivery' && !settings.deliveryRetried) return null
  if (status === 429) return attempts > 6 ? null : TEN_MINUTES * (1 + random() / 10) * settings.scale
  if (settings.regime === 'old' || attempts >= 12) return null
  return MINUTE * 2 ** (attempts - 1) * (1 + random() / 10) * settings.scale
}

export function createWebhooks({ settings, store, urls, sign, record, random }: Wiring): WebhookSender {
  const knobs = settings.webhooks
  const lanes = new Map<string, PendingWebhook[]>()
  const ready: Record<PendingWebhook['destination'], string[]> = { app: [], delivery: [] }
  const active = { app: 0, delivery: 0 }
  const counted = { app: { sent: 0, good: 0 }, delivery: { sent: 0, good: 0 } }
  const paused = new Set<PendingWebhook['destination']>()
  const timers = new Set<NodeJS.Timeout>()
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: 256 }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: 256 }),
  }
  let waiting: (() => void)[] = []
  let isClosed = false
  const recent = new Map<string, Omit<PendingWebhook, 'attempts' | 'dueAt'>>()

  function later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, ms)
    timers.add(timer)
  }

  function settleIdle(): void {
    if (lanes.size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  function post(webhook: PendingWebhook): Promise<{ status: number; error?: string; retryAfter?: string }> {
    const mode = webhook.signature ?? (webhook.destination === 'app' ? knobs.signature : knobs.deliverySignature)
    const url = new URL(urls()[webhook.destination])
    const attempt = (isSecond: boolean): Promise<{ status: number; error?: string; retryAfter?: string }> =>
      new Promise((resolve) => {
        const request = (url.protocol === 'https:' ? https : http).request(
          url,
          {
            method: 'POST',
            agent: agents[url.protocol === 'https:' ? 'https:' : 'http:'],
            headers: {
              'Content-Type': 'application/json',
              'Content-Length': Buffer.byteLength(webhook.body),
              ...sign(webhook.body, mode),
            },
          },
          (response) => {
            response.resume()
            response.on('end', () =>
              resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }),
            )
            response.on('error', (error) => resolve({ status: 0, error: error.message }))
          },
        )
        request.setTimeout(knobs.timeoutMs, () => request.destroy(new Error('timed out')))
        request.on('error', (error: NodeJS.ErrnoException) => {
          // A kept-alive socket the app had closed meanwhile: nothing was heard, so the same attempt goes on a new one.
          if (!isSecond && request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? ''))
            resolve(attempt(true))
          else resolve({ status: 0, error: error.message })
        })
        request.end(webhook.body)
      })
    return attempt(false)
  }

  function finish(lane: string, webhook: PendingWebhook): void {
    store.webhooks.delete(webhook.id)
    const queue = lanes.get(lane)
    queue?.shift()
    if (queue?.length) wake(lane, webhook.destination)
    else lanes.delete(lane)
  }

  async function attempt(lane: string, webhook: PendingWebhook): Promise<void> {
    active[webhook.destination] += 1
    const startedAt = performance.now()
    const { status, error, retryAfter } = await post(webhook)
    active[webhook.destination] -= 1
    if (isClosed) return
    webhook.attempts += 1
    const isGood = status >= 200 && status < 300
    record('webhook', {
      webhookId: webhook.id,
      destination: webhook.destination,
      event: webhook.event,
      attempt: webhook.attempts,
      status,
      error,
      retryAfter,
      ms: Math.round(performance.now() - startedAt),
      locationId: webhook.locationId,
      messageId: webhook.messageId,
    })
    judge(webhook.destination, isGood)
    const delay = isGood ? null : retryDelay(knobs, webhook.destination, status, webhook.attempts, random)
    if (delay === null) {
      if (!isGood)
        record('webhook-given-up', {
          webhookId: webhook.id,
          destination: webhook.destination,
          event: webhook.event,
          attempts: webhook.attempts,
          status,
          locationId: webhook.locationId,
          messageId: webhook.messageId,
        })
      finish(lane, webhook)
    } else {
      webhook.dueAt = Date.now() + delay
      store.webhooks.put(webhook.id, webhook)
      if (knobs.order === 'strict' && !knobs.reorder) wake(lane, webhook.destination)
      else {
        lanes.get(lane)?.shift()
        if (lanes.get(lane)?.length) wake(lane, webhook.destination)
        else lanes.delete(lane)
        const own = `${lane}|${webhook.id}`
        lanes.set(own, [webhook])
        wake(own, webhook.destination)
      }
    }
    pump(webhook.destination)
    settleIdle()
  }

  function judge(destination: PendingWebhook['destination'], isGood: boolean): void {
    const count = counted[destination]
    count.sent += 1
    if (isGood) count.good += 1
    if (!knobs.breaker || paused.has(destination) || count.sent < knobs.breakerMinimum) return
    if (count.good / count.sent >= knobs.breakerSuccessShare) return
    paused.add(destination)
    record('webhook-breaker', { destination, sent: count.sent, good: count.good })
  }

  /** Puts a lane in line once its head is due. */
  function wake(lane: string, destination: PendingWebhook['destination']): void {
    const head = lanes.get(lane)?.[0]
    if (!head || isClosed) return
    const wait = head.dueAt - Date.now()
    if (wait > 0) later(wait, () => wake(lane, destination))
    else {
      ready[destination].push(lane)
      pump(destination)
    }
  }

  function pump(destination: PendingWebhook['destination']): void {
    while (active[destination] < knobs.concurrency) {
      const lane = ready[destination].shift()
      if (lane === undefined) return
      const head = lanes.get(lane)?.[0]
      if (head) void attempt(lane, head)
    }
  }

  function enqueue(webhook: PendingWebhook): void {
    store.webhooks.put(webhook.id, webhook)
    const lane = knobs.reorder ? `${webhook.destination}|${webhook.id}` : `${webhook.destination}|${webhook.lane}`
    const queue = lanes.get(lane)
    if (queue) queue.push(webhook)
    else {
      lanes.set(lane, [webhook])
      wake(lane, webhook.destination)
    }
  }

  for (const left of store.webhooks.all()) enqueue(left)

  return {
    send(webhook) {
      recent.set(webhook.id, webhook)
      if (recent.size > RECENT) recent.delete(recent.keys().next().value ?? '')
      const { id, destination, event, locationId, messageId } = webhook
      if (paused.has(destination) || (knobs.drop > 0 && random() < knobs.drop)) {
        const why = paused.has(destination) ? 'breaker' : 'ordered'
        record('webhook-dropped', { webhookId: id, destination, event, locationId, messageId, why })
        return
      }
      const shuffle = knobs.reorder ? random() * 250 : 0
      enqueue({ ...webhook, attempts: 0, dueAt: Date.now() + knobs.delayMs + shuffle })
      if (knobs.duplicate > 0 && random() < knobs.duplicate)
        enqueue({
          ...webhook,
          id: `${id}+again`,
          lane: `${webhook.lane}|again`,
          attempts: 0,
          dueAt: Date.now() + knobs.delayMs,
        })
    },
    idle: () => (lanes.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    pending: () => store.webhooks.all(),
    resume() {
      paused.clear()
      for (const count of Object.values(counted)) count.sent = count.good = 0
    },
    resend(id) {
      const webhook = recent.get(id)
      if (webhook)
        enqueue({ ...webhook, id: `${id}+${newUuid()}`, lane: `${webhook.lane}|again`, attempts: 0, dueAt: Date.now() })
      return webhook !== undefined
    },
    close() {
      isClosed = true
      for (const timer of timers) clearTimeout(timer)
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}
