import { Agent, request as httpRequest } from 'node:http'
import type { HistoryEvent } from '../history'
import type { Violation } from './crm'
import type { FaultKind, FaultRule } from './faults'
import type { Lifecycle } from './lifecycle'
import type { Company, CompanyInstall, Contact, Install, Location, Message, PendingWebhook, User } from './nouns'
import type { DeepPartial, SeedUser, Settings, SignatureMode } from './options'

/** The emulated CRM as a test holds it: a person's hands, eyes that wait for conditions, and the switches. */
export interface WriteOptions {
  /** A user's id, or `workflow` or `bulk`, which have no user. */
  as?: string
  attachments?: string[]
  channel?: 'own' | 'sms'
}

export interface InstallOptions {
  /** `app` starts at the app's own install page and carries its state; `marketplace` is a click in the CRM. */
  via?: 'app' | 'marketplace'
  /** The acting user's id. */
  as?: string
}

export interface AgencyInstall extends InstallOptions {
  companyId?: string
  /** Absent: all sub-accounts. */
  locationIds?: string[]
  future?: boolean
}

/** How the app's callback answered, after its own redirects. */
export interface InstallOutcome {
  code: string
  status: number
  /** Where the app sent the browser in the end. */
  url: string
  body: string
}

export interface CrmState {
  app: { id: string; name: string; clientId: string; customPageUrl: string }
  companies: Company[]
  locations: Location[]
  users: User[]
  installs: Install[]
  companyInstalls: CompanyInstall[]
  phonesUrl?: string
  mailsUrl?: string
}

export interface PostedMessage extends HistoryEvent {
  kind: 'message-posted'
  via: 'inbound' | 'send'
  locationId: string
  contactId: string
  conversationId: string
  messageId: string
  direction: 'inbound' | 'outbound'
  altId?: string
  text: string
  attachments: string[]
  date?: string
  phone?: string
}

export interface StatusPushed extends HistoryEvent {
  kind: 'status'
  locationId: string
  contactId: string
  messageId: string
  status: 'pending' | 'sent' | 'delivered' | 'read' | 'failed'
  previous: string
  error?: { code: string; type: string; message: string }
}

type ContactId = string | { id: string }
const idOf = (given: ContactId): string => (typeof given === 'string' ? given : given.id)

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

function call<T>(base: string, method: string, path: string, body?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
    const sent = httpRequest(new URL(path, base), { method, agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const answer = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as T & { error?: string }
        if (response.statusCode === 200) resolve(answer)
        else reject(new Error(`${method} ${path}: ${answer.error ?? `status ${response.statusCode}`}`))
      })
    })
    sent.on('error', reject)
    sent.end(text)
  })
}

/** Follows the app's redirects as one browser would, cookies of each host kept. */
function createBrowser() {
  const jar = new Map<string, Map<string, string>>()
  return async function go(address: string, init: RequestInit = {}): Promise<Response> {
    const host = new URL(address).host
    const cookies = [...(jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(init.headers as Record<string, string> | undefined), ...(cookies ? { cookie: cookies } : {}) }
    const response = await fetch(address, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      const own = jar.get(host) ?? new Map<string, string>()
      own.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim())
      jar.set(host, own)
    }
    return response
  }
}

export type CrmClient = ReturnType<typeof connectCrm>

export function connectCrm(base: string) {
  const get = <T>(path: string, query: Record<string, string | number | undefined> = {}) => {
    const pairs = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))
    const search = new URLSearchParams(pairs).toString()
    return call<T>(base, 'GET', search ? `${path}?${search}` : path)
  }
  const post = <T>(path: string, body: unknown = {}) => call<T>(base, 'POST', path, body)
  const patch = <T>(path: string, body: unknown) => call<T>(base, 'PATCH', path, body)

  const feed: HistoryEvent[] = []
  let seen = 0
  let polling: Promise<void> | undefined

  /** Brings the local copy of the history forward; concurrent waiters share one request. */
  function advance(waitMs: number): Promise<void> {
    polling ??= get<{ events: HistoryEvent[]; last: number }>('/control/history', {
      since: seen,
      without: 'api',
      waitMs,
    })
      .then(({ events, last }) => {
        for (const event of events) feed.push(event)
        seen = Math.max(seen, last)
      })
      .finally(() => (polling = undefined))
    return polling
  }

  /** The first event, from the start of history or after `since`, that fits; fails with what came instead. */
  async function waitFor<T extends HistoryEvent>(
    kind: T['kind'],
    fits: (event: T) => boolean = () => true,
    timeoutMs = 30_000,
    since = 0,
  ): Promise<T> {
    const deadline = Date.now() + timeoutMs
    let from = 0
    for (;;) {
      for (; from < feed.length; from += 1) {
        const event = feed[from]
        if (event && event.n > since && event.kind === kind && fits(event as T)) return event as T
      }
      const left = deadline - Date.now()
      if (left <= 0) {
        const came = feed.filter((event) => event.n > since && event.kind === kind).slice(-5)
        throw new Error(`no "${kind}" that fits within ${timeoutMs} ms; last ones: ${JSON.stringify(came)}`)
      }
      await advance(Math.min(left, 20_000))
    }
  }

  const state = () => get<CrmState>('/control/state')

  async function choose(
    fields: Record<string, string>,
    { via = 'marketplace' }: InstallOptions,
  ): Promise<InstallOutcome> {
    const go = createBrowser()
    const { app } = await state()
    const registered = await get<{ redirectUri: string; installUrl: string; scopes: string[] }>('/control/app')
    let authorize: URL
    if (via === 'app') {
      let response = await go(registered.installUrl)
      let at = registered.installUrl
      for (let hops = 0; response.status >= 300 && response.status < 400 && hops < 5; hops += 1) {
        at = new URL(response.headers.get('location') ?? '', at).toString()
        if (at.startsWith(base)) break
        response = await go(at)
      }
      if (!at.startsWith(base)) throw new Error(`the app's install page led to ${at}, not to the CRM`)
      authorize = new URL(at)
    } else {
      authorize = new URL('/v2/oauth/chooselocation', base)
      authorize.searchParams.set('response_type', 'code')
      authorize.searchParams.set('client_id', app.clientId)
      authorize.searchParams.set('redirect_uri', registered.redirectUri)
      authorize.searchParams.set('scope', registered.scopes.join(' '))
    }
    const shown = await go(authorize.toString())
    if (shown.status !== 200) throw new Error(`the CRM refused the install: ${shown.status} ${await shown.text()}`)
    const form = new URLSearchParams([...authorize.searchParams, ...Object.entries(fields)])
    const approved = await go(new URL(authorize.pathname, base).toString(), { method: 'POST', body: form })
    let at = approved.headers.get('location') ?? ''
    if (approved.status !== 302)
      throw new Error(`the CRM refused the install: ${approved.status} ${await approved.text()}`)
    const code = new URL(at).searchParams.get('code') ?? ''
    let response = await go(at)
    for (let hops = 0; response.status >= 300 && response.status < 400 && hops < 5; hops += 1) {
      at = new URL(response.headers.get('location') ?? '', at).toString()
      response = await go(at)
    }
    return { code, status: response.status, url: at, body: await response.text() }
  }

  async function installOne(locationId: string, options: InstallOptions = {}): Promise<InstallOutcome> {
    return choose({ choice: `location:${locationId}`, ...(options.as ? { as: options.as } : {}) }, options)
  }

  return {
    url: base,
    state,
    createAgency: (name: string, more: { id?: string; whitelabel?: Company['whitelabel'] } = {}) =>
      post<Company>('/control/companies', { name, ...more }),
    /** A sub-account, in the given agency or the first one. */
    createSubAccount: async (name: string, more: Partial<Location> = {}) =>
      post<Location>('/control/locations', { companyId: (await state()).companies[0]?.id, name, ...more }),
    changeSubAccount: (id: string, change: Partial<Location>) =>
      patch<Location>('/control/locations', { id, ...change }),
    /** Without any event, as when an agency removes one: every call for it is 404 from then on. */
    deleteSubAccount: (id: string) => call<object>(base, 'DELETE', '/control/locations', { id }),
    createUser: async (user: SeedUser & { companyId?: string }) =>
      post<User>('/control/users', { companyId: (await state()).companies[0]?.id, ...user }),
    changeUser: (id: string, change: Partial<User>) => patch<User>('/control/users', { id, ...change }),
    createContact: (
      locationId: string,
      fields: { name: string; phone?: string; email?: string; tags?: string[]; assignedTo?: string },
    ) => post<Contact>('/control/contacts', { locationId, ...fields }),
    createContacts: (items: { locationId: string; name: string; phone?: string }[]) =>
      post<Contact[]>('/control/contacts/many', { items }),
    changeContact: (contact: ContactId, change: Partial<Contact>) =>
      patch<Contact>('/control/contacts', { id: idOf(contact), ...change }),
    /** What a person does on the contact, or a workflow's "add tag" and "remove tag". */
    tagContact: (contact: ContactId, change: { add?: string[]; remove?: string[]; as?: 'person' | 'workflow' }) =>
      post<Contact>('/control/contacts/tags', { id: idOf(contact), ...change }),
    deleteContact: (contact: ContactId) => call<object>(base, 'DELETE', '/control/contacts', { id: idOf(contact) }),
    contacts: (locationId?: string) => get<Contact[]>('/control/contacts', { locationId }),

    /** Clicks through the install of one sub-account, or of each of several, as one of its users. */
    install: async (locationIds: string | string[], options: InstallOptions = {}): Promise<InstallOutcome[]> => {
      const outcomes: InstallOutcome[] = []
      for (const id of [locationIds].flat()) outcomes.push(await installOne(id, options))
      return outcomes
    },
    /** Clicks through the agency's install: all its sub-accounts or some, future ones too on demand. */
    installAgency: async ({ companyId, locationIds, future = false, as, ...options }: AgencyInstall = {}) => {
      const id = companyId ?? (await state()).companies[0]?.id ?? ''
      return choose(
        {
          choice: `agency:${id}`,
          ...(locationIds ? { locations: locationIds.join(',') } : {}),
          ...(future ? { [`future:${id}`]: 'yes' } : {}),
          ...(as ? { as } : {}),
        },
        options,
      )
    },
    uninstall: (target: string | { companyId: string }) =>
      post<{ uninstalled: boolean }>(
        '/control/uninstall',
        typeof target === 'string' ? { locationId: target } : target,
      ),
    lifecycle: (event: Lifecycle) => post<object>('/control/lifecycle', event),

    write: (contact: ContactId, text: string, options: WriteOptions = {}) =>
      post<Message>('/control/write', { contactId: idOf(contact), text, ...options }),
    /** Many messages in one request, in this order; answers with their ids. */
    writeMany: (items: ({ contactId: string; text: string } & WriteOptions)[]) =>
      post<string[]>('/control/write/many', { items }),
    /** What the "retry" button on a failed message does: a new message. */
    retry: (messageId: string, as?: string) => post<Message>('/control/retry', { messageId, as }),
    /** Puts a file where a person's attachment goes; answers with its address. */
    attach: (locationId: string, file: { name: string; type: string; data: Buffer }) =>
      post<{ url: string }>('/control/upload', { ...file, locationId, data: file.data.toString('base64') }),
    conversation: async (contact: ContactId): Promise<Message[]> =>
      (await get<{ messages: Message[] }>('/control/conversation', { contactId: idOf(contact) })).messages,

    waitFor,
    waitForMessage: (fits: (message: PostedMessage) => boolean, timeoutMs?: number, since?: number) =>
      waitFor<PostedMessage>('message-posted', fits, timeoutMs, since),
    waitForStatus: (fits: (status: StatusPushed) => boolean, timeoutMs?: number, since?: number) =>
      waitFor<StatusPushed>('status', fits, timeoutMs, since),

    ssoPayload: async (viewer: { user: string; location?: string }) =>
      (await post<{ payload: string }>('/control/sso', { userId: viewer.user, locationId: viewer.location })).payload,

    history: async (since = 0, kinds?: string[]) =>
      (await get<{ events: HistoryEvent[] }>('/control/history', { since, kinds: kinds?.join(',') })).events,
    /** Each time the app took a message handed to it; where it asked to come again is not counted. */
    taken: async (message: { id: string }) =>
      (await get<{ events: HistoryEvent[] }>('/control/history', { since: 0, kinds: 'webhook' })).events.filter(
        ({ destination, messageId, status }) =>
          destination === 'delivery' && messageId === message.id && status === 200,
      ),
    /** The number of the newest event, to wait for what comes after. */
    now: async () => (await get<{ last: number }>('/control/history', { since: 0, kinds: 'none' })).last,
    violations: async () => (await get<{ violations: Violation[] }>('/control/violations')).violations,

    settings: () => get<Settings>('/control/settings'),
    set: (change: DeepPartial<Settings>) => patch<Settings>('/control/settings', change),
    fault: async (kind: FaultKind, rule: Omit<FaultRule, 'kind'> = {}) =>
      (await post<{ id: string }>('/control/faults', { kind, ...rule })).id,
    clearFaults: (id?: string) => call<object>(base, 'DELETE', '/control/faults', { id }),
    faults: async () => (await get<{ faults: (FaultRule & { id: string; hits: number })[] }>('/control/faults')).faults,
    expireTokens: (of: { locationId?: string; companyId?: string; refreshToo?: boolean } = {}) =>
      post<{ expired: number }>('/control/expire-tokens', of),
    /** Daily limit used up for a sub-account, an agency or `*`. */
    exhaustDay: (resource: string, exhausted = true) => post<object>('/control/daily-limit', { resource, exhausted }),

    pendingWebhooks: async () => (await get<{ pending: PendingWebhook[] }>('/control/webhooks')).pending,
    webhooksIdle: () => post<object>('/control/webhooks/idle'),
    resumeWebhooks: () => post<object>('/control/webhooks/resume'),
    resendWebhook: (webhookId: string) => post<{ found: boolean }>('/control/webhooks/resend', { webhookId }),
    /** Signature headers over exactly this body, for webhooks a test sends itself. */
    sign: (body: string, mode: SignatureMode = 'good') => post<Record<string, string>>('/control/sign', { body, mode }),
  }
}
