/** Who in the CRM a saved contact is: known identity, exact number, other spellings of the number. */
import type { savedContacts } from '@/db/schema/contact-sync'
import { orNull, type CrmContact, type SubAccountApi } from '@/lib/highlevel/highlevel'
import type { ContactId } from '@/lib/ids'
import { phoneVariants } from './phone-variants'

export type SavedContact = typeof savedContacts.$inferSelect

export interface Match {
  contact: CrmContact
  /** More than one could have been meant. */
  several: boolean
  /** Not found by the exact number, so somebody who looks by that would not find it. */
  isIndirect: boolean
}

/** `identity` is the contact of the person as we know them. `gone`: nobody, and the contact they were is no longer in the CRM. Throws CrmError. */
export async function matchContact(
  crm: SubAccountApi,
  row: SavedContact,
  identity: ContactId | null,
): Promise<Match | { gone: ContactId } | null> {
  const known = identity ?? row.contactId
  const contact = known && (await orNull(crm.getContact(known)))
  if (contact) return { contact, several: false, isIndirect: false }
  return (await byNumber(crm, row)) ?? (known ? { gone: known } : null)
}

async function byNumber(crm: SubAccountApi, row: SavedContact): Promise<Match | null> {
  if (row.candidates) {
    const several: CrmContact[] = []
    for (const id of row.candidates) {
      const found = await orNull(crm.getContact(id))
      if (found) several.push(found)
    }
    if (several.length > 0)
      return { contact: newest(several), several: several.length > 1, isIndirect: several.length > 1 }
  }
  if (!row.phone) return null
  const exact = await crm.findContactByPhone(row.phone)
  if (exact) return { contact: exact, several: false, isIndirect: false }
  const others = new Map<ContactId, CrmContact>()
  for (const phone of phoneVariants(row.phone)) {
    const found = await crm.findContactByPhone(phone)
    if (found) others.set(found.id, found)
  }
  if (others.size === 0) return null
  return { contact: newest([...others.values()]), several: others.size > 1, isIndirect: true }
}

const activeMs = (contact: Pick<CrmContact, 'activeAt'>) => contact.activeAt?.getTime() ?? 0

export function newest<Contact extends Pick<CrmContact, 'id' | 'activeAt'>>(contacts: readonly Contact[]): Contact {
  // By id where they are as old, so that every look chooses the same.
  return contacts.toSorted((a, b) => activeMs(b) - activeMs(a) || (a.id < b.id ? -1 : 1))[0]!
}
