import type { Crm } from './crm'
import { announceContact } from './events'
import type { Contact } from './nouns'
import { newId } from './store'

/** What the CRM does with contacts, whoever asks: the app, a person, a workflow. */
export type ContactFields = Partial<Omit<Contact, 'id' | 'locationId' | 'dateAdded' | 'dateUpdated'>>

export function normalisePhone(phone: string): string {
  const digits = phone.replaceAll(/\D/g, '')
  return digits ? `+${digits}` : ''
}

export function splitName(name: string): { firstName: string; lastName: string } {
  const [firstName = '', ...rest] = name.trim().split(/\s+/)
  return { firstName, lastName: rest.join(' ') }
}

export const nameOf = (contact: Contact): string =>
  [contact.firstName, contact.lastName].filter(Boolean).join(' ') || contact.phone || contact.email || 'Unnamed'

const tidy = (tags: string[]): string[] => [...new Set(tags.map((tag) => tag.trim().toLowerCase()).filter(Boolean))]

export function findByPhone(crm: Crm, locationId: string, phone: string): Contact | undefined {
  return crm.store.contactsAt(locationId, normalisePhone(phone))[0]
}

export function findByEmail(crm: Crm, locationId: string, email: string): Contact | undefined {
  return crm.store.contactsAt(locationId, email.toLowerCase())[0]
}

/** The contact these fields would duplicate, and the field that says so. */
export function duplicateOf(
  crm: Crm,
  locationId: string,
  fields: ContactFields,
): { contact: Contact; field: string } | undefined {
  const byEmail = fields.email ? findByEmail(crm, locationId, fields.email) : undefined
  if (byEmail) return { contact: byEmail, field: 'email' }
  const byPhone = fields.phone ? findByPhone(crm, locationId, fields.phone) : undefined
  return byPhone && { contact: byPhone, field: 'phone' }
}

export function createContact(crm: Crm, locationId: string, fields: ContactFields, by: string): Contact {
  const now = new Date().toISOString()
  const contact: Contact = {
    dnd: false,
    dndSettings: {},
    customFields: [],
    ...fields,
    tags: tidy(fields.tags ?? []),
    phone: fields.phone ? normalisePhone(fields.phone) : undefined,
    id: newId(),
    locationId,
    dateAdded: now,
    dateUpdated: now,
  }
  crm.store.contacts.put(contact.id, contact)
  knowTags(crm, locationId, contact.tags)
  const { id: contactId, phone, email } = contact
  crm.record('contact-created', { locationId, contactId, phone, email, name: nameOf(contact), tags: contact.tags, by })
  announceContact(crm, 'ContactCreate', contact)
  return contact
}

export function updateContact(crm: Crm, contact: Contact, fields: ContactFields, by: string): Contact {
  const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  const customFields = [
    ...contact.customFields.filter((old) => !fields.customFields?.some((one) => one.id === old.id)),
    ...(fields.customFields ?? []),
  ]
  const changed: Contact = {
    ...contact,
    ...known,
    customFields,
    tags: fields.tags ? tidy(fields.tags) : contact.tags,
    phone: fields.phone ? normalisePhone(fields.phone) : contact.phone,
    dndSettings: { ...contact.dndSettings, ...fields.dndSettings },
    dateUpdated: new Date().toISOString(),
  }
  crm.store.contacts.put(contact.id, changed)
  crm.record('contact-updated', { locationId: contact.locationId, contactId: contact.id, fields: known, by })
  const isDnd = fields.dnd !== undefined || fields.dndSettings !== undefined
  if (changed.tags.join() !== contact.tags.join()) {
    knowTags(crm, contact.locationId, changed.tags)
    announceContact(crm, 'ContactTagUpdate', changed)
  }
  announceContact(crm, isDnd ? 'ContactDndUpdate' : 'ContactUpdate', changed)
  return changed
}

export function setTags(crm: Crm, contact: Contact, tags: string[], by: string): Contact {
  const changed = { ...contact, tags: tidy(tags), dateUpdated: new Date().toISOString() }
  if (changed.tags.join() === contact.tags.join()) return contact
  crm.store.contacts.put(contact.id, changed)
  knowTags(crm, contact.locationId, changed.tags)
  crm.record('tags', {
    locationId: contact.locationId,
    contactId: contact.id,
    tags: changed.tags,
    before: contact.tags,
    by,
  })
  announceContact(crm, 'ContactTagUpdate', changed)
  return changed
}

export function deleteContact(crm: Crm, contact: Contact, by: string): void {
  crm.store.contacts.put(contact.id, { ...contact, phone: undefined, email: undefined })
  crm.store.contacts.delete(contact.id)
  crm.record('contact-deleted', { locationId: contact.locationId, contactId: contact.id, by })
  announceContact(crm, 'ContactDelete', contact)
}

export function knowTags(crm: Crm, locationId: string, names: string[]): void {
  for (const name of names) {
    const key = `${locationId}|${name}`
    if (!crm.store.tags.get(key)) crm.store.tags.put(key, { id: newId(), locationId, name })
  }
}

const DND_CHANNELS = ['Call', 'Email', 'SMS', 'WhatsApp', 'GMB', 'FB']

/** A contact as the API shows it. */
export function contactView(contact: Contact): Record<string, unknown> {
  const { inboundDndSettings: _inbound, gender: _gender, ...rest } = contact
  const settings = Object.fromEntries(
    DND_CHANNELS.map((channel) => [channel, contact.dndSettings[channel] ?? { status: 'inactive' }]),
  )
  return {
    ...rest,
    name: [contact.firstName, contact.lastName].filter(Boolean).join(' '),
    emailLowerCase: contact.email?.toLowerCase(),
    type: 'lead',
    dndSettings: settings,
  }
}
