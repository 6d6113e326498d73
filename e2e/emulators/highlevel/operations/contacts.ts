import { ok, refuse, traced } from '../answer'
import {
  type ContactFields,
  contactView,
  createContact,
  deleteContact,
  duplicateOf,
  findByEmail,
  findByPhone,
} from '../contacts'
import { nameOf, setTags, splitName, updateContact } from '../contacts'
import type { Contact, DndSetting } from '../nouns'
import { newId } from '../store'
import { type Call, contactFor, type Handler, str, strings, whole } from './kinds'

const PLAIN = [
  'email',
  'phone',
  'companyName',
  'address1',
  'city',
  'state',
  'country',
  'postalCode',
  'website',
] as const
const MORE = ['timezone', 'dateOfBirth', 'gender', 'source', 'assignedTo'] as const

/** A request body as contact fields; absent stays absent. */
function fieldsFrom(body: Record<string, unknown>): ContactFields {
  const fields: ContactFields = {}
  for (const key of [...PLAIN, ...MORE]) {
    const value = body[key]
    if (value === null) fields[key] = ''
    else if (typeof value === 'string') fields[key] = value
  }
  if (typeof body.name === 'string' && body.name) Object.assign(fields, splitName(body.name))
  if (typeof body.firstName === 'string') fields.firstName = body.firstName
  if (typeof body.lastName === 'string') fields.lastName = body.lastName
  if (typeof body.dnd === 'boolean') fields.dnd = body.dnd
  if (body.dndSettings) fields.dndSettings = body.dndSettings as Record<string, DndSetting>
  if (Array.isArray(body.tags)) fields.tags = strings(body.tags)
  if (Array.isArray(body.customFields))
    fields.customFields = (body.customFields as { id: string; field_value?: unknown }[]).map((one) => ({
      id: one.id,
      value: typeof one.field_value === 'string' ? one.field_value : JSON.stringify(one.field_value ?? ''),
    }))
  return fields
}

function assertDndAllowed(contact: Contact, fields: ContactFields): void {
  for (const [channel, setting] of Object.entries(fields.dndSettings ?? {}))
    if (contact.dndSettings[channel]?.status === 'permanent' && setting.status !== 'permanent')
      throw refuse(400, `Not authorized to update permanent dnd setting for ${channel}`)
}

function refuseDuplicate(call: Call, fields: ContactFields, except?: string): void {
  const locationId = call.grant.locationId ?? ''
  if (call.crm.store.locations.get(locationId)?.allowDuplicateContact) return
  const found = duplicateOf(call.crm, locationId, fields)
  if (!found || found.contact.id === except) return
  const { contact, field } = found
  throw refuse(400, 'This location does not allow duplicated contacts.', {
    meta: { contactName: nameOf(contact), contactId: contact.id, matchingField: field },
  })
}

const create: Handler = (call) => {
  const fields = fieldsFrom(call.body)
  refuseDuplicate(call, fields)
  const contact = createContact(call.crm, call.grant.locationId ?? '', fields, 'app')
  return traced({ contact: contactView(contact) }, 201)
}

const get: Handler = (call) => traced({ contact: contactView(contactFor(call, call.params.contactId ?? '')) })

const update: Handler = (call) => {
  const contact = contactFor(call, call.params.contactId ?? '')
  const fields = fieldsFrom(call.body)
  assertDndAllowed(contact, fields)
  refuseDuplicate(call, fields, contact.id)
  const changed = updateContact(call.crm, contact, fields, 'app')
  return traced({ succeded: true, contact: contactView(changed) })
}

const remove: Handler = (call) => {
  deleteContact(call.crm, contactFor(call, call.params.contactId ?? ''), 'app')
  return traced({ succeded: true })
}

/** Overwrites tags, follows the location's duplicate setting, and ignores the value that matched somebody else. */
const upsert: Handler = (call) => {
  const { crm, body, grant } = call
  const locationId = grant.locationId ?? ''
  const fields = fieldsFrom(body)
  const allows = crm.store.locations.get(locationId)?.allowDuplicateContact ?? false
  const found = allows && body.createNewIfDuplicateAllowed === true ? undefined : duplicateOf(crm, locationId, fields)
  if (!found) return traced({ new: true, contact: contactView(createContact(crm, locationId, fields, 'app')) })
  assertDndAllowed(found.contact, fields)
  const other = fields.phone ? findByPhone(crm, locationId, fields.phone) : undefined
  if (other && other.id !== found.contact.id) fields.phone = undefined
  return traced({ new: false, contact: contactView(updateContact(crm, found.contact, fields, 'app')) })
}

const duplicate: Handler = ({ crm, query, grant }) => {
  const locationId = grant.locationId ?? ''
  const found =
    (query.email ? findByEmail(crm, locationId, query.email) : undefined) ??
    (query.number ? findByPhone(crm, locationId, query.number) : undefined)
  return traced({ contact: found ? contactView(found) : null })
}

const matches = (contact: Contact, query: string): boolean =>
  `${nameOf(contact)} ${contact.phone ?? ''} ${contact.email ?? ''}`.toLowerCase().includes(query.toLowerCase())

function fits(contact: Contact, filter: { field?: string; operator?: string; value?: unknown }): boolean {
  const value = (contactView(contact) as Record<string, unknown>)[filter.field ?? '']
  if (filter.operator === 'exists') return value !== undefined && value !== ''
  if (Array.isArray(value)) return value.includes(filter.value)
  const [have, want] = [String(value ?? '').toLowerCase(), String(filter.value ?? '').toLowerCase()]
  return filter.operator === 'contains' ? have.includes(want) : have === want
}

const search: Handler = ({ crm, body, grant }) => {
  const filters = (body.filters ?? []) as { field?: string; operator?: string; value?: unknown }[]
  const all = crm.store.contacts
    .all()
    .filter((contact) => contact.locationId === grant.locationId)
    .filter((contact) => !str(body.query) || matches(contact, str(body.query) ?? ''))
    .filter((contact) => filters.every((filter) => fits(contact, filter)))
  const size = whole(body.pageLimit, 20)
  const from = (whole(body.page, 1) - 1) * size
  return traced({ contacts: all.slice(from, from + size).map(contactView), total: all.length })
}

const list: Handler = ({ crm, query, grant }) => {
  const all = crm.store.contacts
    .all()
    .filter((contact) => contact.locationId === grant.locationId)
    .filter((contact) => !query.query || matches(contact, query.query))
  const after = query.startAfterId ? all.findIndex((contact) => contact.id === query.startAfterId) + 1 : 0
  return ok({ contacts: all.slice(after, after + whole(query.limit, 20)).map(contactView), count: all.length })
}

const addTags: Handler = (call) => {
  const contact = contactFor(call, call.params.contactId ?? '')
  const changed = setTags(call.crm, contact, [...contact.tags, ...strings(call.body.tags)], 'app')
  return traced({ tags: changed.tags }, 201)
}

const removeTags: Handler = (call) => {
  const contact = contactFor(call, call.params.contactId ?? '')
  const gone = new Set(strings(call.body.tags).map((tag) => tag.trim().toLowerCase()))
  const changed = setTags(
    call.crm,
    contact,
    contact.tags.filter((tag) => !gone.has(tag)),
    'app',
  )
  return traced({ tags: changed.tags })
}

const bulkTags: Handler = (call) => {
  const { type } = call.params
  if (type !== 'add' && type !== 'remove') throw refuse(422, ['type must be one of the following values: add, remove'])
  const tags = strings(call.body.tags).map((tag) => tag.trim().toLowerCase())
  const responses: string[] = []
  let errorCount = 0
  for (const id of strings(call.body.contacts)) {
    const contact = call.crm.store.contacts.get(id)
    if (!contact || contact.locationId !== call.grant.locationId) {
      errorCount += 1
      continue
    }
    const kept = call.body.removeAllTags === true ? [] : contact.tags.filter((tag) => !tags.includes(tag))
    setTags(call.crm, contact, type === 'add' ? [...contact.tags, ...tags] : kept, 'app')
    responses.push(id)
  }
  return ok({ succeded: errorCount === 0, errorCount, responses }, 201)
}

const listNotes: Handler = (call) => {
  const contact = contactFor(call, call.params.contactId ?? '')
  const notes = call.crm.store.notes.all().filter((note) => note.contactId === contact.id)
  return traced({ notes })
}

const createNote: Handler = (call) => {
  const contact = contactFor(call, call.params.contactId ?? '')
  const note = {
    id: newId(),
    contactId: contact.id,
    locationId: contact.locationId,
    body: str(call.body.body) ?? '',
    userId: str(call.body.userId),
    title: str(call.body.title),
    dateAdded: new Date().toISOString(),
  }
  call.crm.store.notes.put(note.id, note)
  call.crm.record('note', { locationId: contact.locationId, contactId: contact.id, text: note.body })
  return traced({ note }, 201)
}

export const contactOperations: Record<string, Handler> = {
  'get /contacts/': list,
  'post /contacts/': create,
  'post /contacts/upsert': upsert,
  'post /contacts/search': search,
  'get /contacts/search/duplicate': duplicate,
  'get /contacts/{contactId}': get,
  'put /contacts/{contactId}': update,
  'delete /contacts/{contactId}': remove,
  'post /contacts/{contactId}/tags': addTags,
  'delete /contacts/{contactId}/tags': removeTags,
  'get /contacts/{contactId}/notes': listNotes,
  'post /contacts/{contactId}/notes': createNote,
  'post /contacts/bulk/tags/update/{type}': bulkTags,
}
