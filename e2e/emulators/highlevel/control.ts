import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HistoryEvent } from '../history'
import { readRaw } from './api'
import { NotPossible, retry, showConversation, write, type Writing } from './composer'
import { createContact, deleteContact, duplicateOf, setTags, splitName, updateContact } from './contacts'
import type { Crm } from './crm'
import type { FaultRule } from './faults'
import { uninstallCompany, uninstallLocation } from './installs'
import { type Lifecycle, play } from './lifecycle'
import type { Contact, Location } from './nouns'
import { applySettings, type DeepPartial, type Settings, type SignatureMode } from './options'
import { createCompany, createLocation, createUser, type NewLocation, type NewUser } from './seed'
import { newUuid } from './store'
import { expireTokens } from './tokens'
import { userData, type Viewer } from './viewer'

/** The control API: what people, tests and pages do to the emulated CRM. JSON in, JSON out, under `/control`. */
type Input = Record<string, unknown>
type Route = (crm: Crm, input: Input) => unknown

function found<T>(row: T | undefined, what: string): T {
  if (!row) throw new NotPossible(`There is no such ${what}.`)
  return row
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function addContact(crm: Crm, input: Input): Contact {
  const locationId = text(input.locationId)
  found(crm.store.locations.get(locationId), 'sub-account')
  const { name, locationId: _place, ...fields } = input
  const named = typeof name === 'string' ? { ...splitName(name), ...fields } : fields
  const known = duplicateOf(crm, locationId, named)
  if (known) throw new NotPossible(`A contact with this ${known.field} already exists.`)
  return createContact(crm, locationId, named, 'person')
}

const ROUTES: Record<string, Route> = {
  'GET /control/state': (crm) => ({
    app: { id: crm.app.id, name: crm.app.name, clientId: crm.app.clientId, customPageUrl: crm.app.customPageUrl },
    companies: crm.store.companies.all(),
    locations: crm.store.locations.all(),
    users: crm.store.users.all().filter((user) => !user.deleted),
    installs: crm.store.installs.all(),
    companyInstalls: crm.store.companyInstalls.all(),
    phonesUrl: crm.phonesUrl(),
    mailsUrl: crm.mailsUrl(),
  }),
  'GET /control/app': ({ app }) => ({ redirectUri: app.redirectUri, installUrl: app.installUrl, scopes: app.scopes }),
  'POST /control/companies': (crm, input) => createCompany(crm, input as { name: string }),
  'POST /control/locations': (crm, input) => createLocation(crm, input as unknown as NewLocation),
  'PATCH /control/locations': (crm, { id, ...change }) => {
    const location = found(crm.store.locations.get(text(id)), 'sub-account')
    return crm.store.locations.put(location.id, { ...location, ...(change as Partial<Location>) })
  },
  'DELETE /control/locations': (crm, { id }) => {
    crm.store.locations.delete(found(crm.store.locations.get(text(id)), 'sub-account').id)
    crm.record('location-deleted', { locationId: id })
  },
  'POST /control/users': (crm, input) => createUser(crm, input as unknown as NewUser),
  'PATCH /control/users': (crm, { id, ...change }) => {
    const user = found(crm.store.users.get(text(id)), 'user')
    return crm.store.users.put(user.id, { ...user, ...change })
  },
  'GET /control/contacts': (crm, { locationId }) =>
    crm.store.contacts.all().filter((contact) => !locationId || contact.locationId === locationId),
  'POST /control/contacts': addContact,
  'POST /control/contacts/many': (crm, { items }) => (items as Input[]).map((item) => addContact(crm, item)),
  'PATCH /control/contacts': (crm, { id, tags, ...fields }) => {
    const contact = found(crm.store.contacts.get(text(id)), 'contact')
    const tagged = Array.isArray(tags) ? setTags(crm, contact, tags as string[], 'person') : contact
    return Object.keys(fields).length > 0 ? updateContact(crm, tagged, fields, 'person') : tagged
  },
  'POST /control/contacts/tags': (crm, { id, add = [], remove = [], as = 'person' }) => {
    const contact = found(crm.store.contacts.get(text(id)), 'contact')
    const gone = new Set((remove as string[]).map((tag) => tag.trim().toLowerCase()))
    const kept = contact.tags.filter((tag) => !gone.has(tag))
    return setTags(crm, contact, [...kept, ...(add as string[])], text(as))
  },
  'DELETE /control/contacts': (crm, { id }) => {
    deleteContact(crm, found(crm.store.contacts.get(text(id)), 'contact'), 'person')
  },
  'POST /control/write': (crm, input) => write(crm, input as unknown as Writing),
  'POST /control/write/many': (crm, { items }) => (items as Writing[]).map((item) => write(crm, item).id),
  'POST /control/retry': (crm, { messageId, as }) => retry(crm, text(messageId), as as string | undefined),
  'GET /control/conversation': (crm, { contactId }) => showConversation(crm, text(contactId)),
  'POST /control/read': (crm, { contactId }) => {
    const conversation = crm.store.conversationOf(text(contactId))
    if (conversation && conversation.unreadCount > 0)
      crm.store.conversations.put(conversation.id, { ...conversation, unreadCount: 0 })
  },
  'GET /control/inbox': (crm, { locationId }) => inbox(crm, text(locationId)),
  'POST /control/upload': (crm, { locationId, name, type, data }) => {
    const id = newUuid()
    const upload = { id, locationId: text(locationId), name: text(name), type: text(type), data: text(data) }
    crm.store.uploads.put(id, upload)
    return { url: `${crm.url()}/uploads/${id}/${encodeURIComponent(upload.name)}` }
  },
  'POST /control/uninstall': (crm, { locationId, companyId }) => ({
    uninstalled: locationId
      ? uninstallLocation(crm, text(locationId), 'person')
      : uninstallCompany(crm, text(companyId), 'person'),
  }),
  'POST /control/lifecycle': (crm, input) => play(crm, input as unknown as Lifecycle),
  'POST /control/sso': (crm, input) => userData(crm, input as unknown as Viewer),
  'GET /control/violations': (crm) => ({ violations: crm.violations }),
  'GET /control/settings': (crm) => crm.settings,
  'PATCH /control/settings': (crm, input) => applySettings(crm.settings, input as DeepPartial<Settings>),
  'GET /control/faults': (crm) => ({ faults: crm.faults.list() }),
  'POST /control/faults': (crm, input) => ({ id: crm.faults.add(input as unknown as FaultRule) }),
  'DELETE /control/faults': (crm, { id }) => {
    if (id) crm.faults.remove(text(id))
    else crm.faults.clear()
  },
  'POST /control/daily-limit': (crm, { resource, exhausted }) => {
    if (exhausted) crm.limits.exhausted.add(text(resource))
    else crm.limits.exhausted.delete(text(resource))
  },
  'POST /control/expire-tokens': (crm, { locationId, companyId, refreshToo }) => ({
    expired: expireTokens(
      crm,
      (grant) => (!locationId || grant.locationId === locationId) && (!companyId || grant.companyId === companyId),
      refreshToo === true,
    ),
  }),
  'GET /control/webhooks': (crm) => ({ pending: crm.webhooks.pending() }),
  'POST /control/webhooks/idle': (crm) => crm.webhooks.idle(),
  'POST /control/webhooks/resume': (crm) => crm.webhooks.resume(),
  'POST /control/webhooks/resend': (crm, { webhookId }) => ({ found: crm.webhooks.resend(text(webhookId)) }),
  'POST /control/sign': (crm, { body, mode }) => crm.sign(text(body), (mode as SignatureMode | undefined) ?? 'good'),
}

function inbox(crm: Crm, locationId: string) {
  const rows = crm.store.contacts
    .all()
    .filter((contact) => contact.locationId === locationId)
    .map((contact) => {
      const conversation = crm.store.conversationOf(contact.id)
      const last = conversation?.lastMessageId ? crm.store.messages.get(conversation.lastMessageId) : undefined
      return {
        contact,
        unreadCount: conversation?.unreadCount ?? 0,
        last,
        at: last?.storedAt ?? Date.parse(contact.dateAdded),
      }
    })
  return { rows: rows.toSorted((a, b) => b.at - a.at).slice(0, 500) }
}

/** Events after `since`; waits for the first one up to `waitMs` where there is none yet. */
function history(crm: Crm, url: URL, request: IncomingMessage): Promise<{ events: HistoryEvent[]; last: number }> {
  const since = Number(url.searchParams.get('since') ?? 0)
  const waitMs = Math.min(Number(url.searchParams.get('waitMs') ?? 0), 60_000)
  const kinds = url.searchParams.get('kinds')?.split(',')
  const without = url.searchParams.get('without')?.split(',') ?? []
  const fits = (event: HistoryEvent) => (!kinds || kinds.includes(event.kind)) && !without.includes(event.kind)
  const read = () => {
    const all = crm.history.since(since)
    return { events: all.filter(fits), last: all.at(-1)?.n ?? since }
  }
  const now = read()
  if (now.events.length > 0 || waitMs <= 0) return Promise.resolve(now)
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      off()
      resolve(read())
    }
    const timer = setTimeout(finish, waitMs)
    const off = crm.onRecord((event) => {
      // Everything recorded in this turn goes along in one answer.
      if (fits(event)) setImmediate(finish)
    })
    request.on('close', finish)
  })
}

function stream(crm: Crm, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const locationId = url.searchParams.get('locationId')
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  })
  response.write(': open\n\n')
  const off = crm.onRecord((event) => {
    if (event.kind === 'api' || (locationId && event.locationId !== undefined && event.locationId !== locationId))
      return
    response.write(`data: ${JSON.stringify(event)}\n\n`)
  })
  const beat = setInterval(() => response.write(': beat\n\n'), 15_000)
  request.on('close', () => {
    clearInterval(beat)
    off()
  })
}

export async function handleControl(
  crm: Crm,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const answer = (status: number, value: unknown) => {
    const body = JSON.stringify(value ?? {})
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
    response.end(body)
  }
  if (url.pathname === '/control/stream') return stream(crm, url, request, response)
  if (url.pathname === '/control/history') {
    const result = await history(crm, url, request)
    if (!response.destroyed) answer(200, result)
    return
  }
  const route = ROUTES[`${request.method} ${url.pathname}`]
  if (!route) return answer(404, { error: `No control ${request.method} ${url.pathname}` })
  try {
    const raw = await readRaw(request)
    const given = raw.length > 0 ? (JSON.parse(raw.toString('utf8')) as Input) : {}
    answer(200, await route(crm, { ...Object.fromEntries(url.searchParams), ...given }))
  } catch (error) {
    answer(error instanceof NotPossible ? 409 : 400, { error: (error as Error).message })
  }
}
