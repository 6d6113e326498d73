import { and, eq } from 'drizzle-orm'
import { people } from '@/db/schema/people'
import type { ContactId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import type { PersonRow } from './lock-person'

/**
 * The person's contact in the CRM: the one we know, else the one with their number, else a new one. Called by whoever works the
 * person's lane, so one at a time per person. A contact made just before a crash is found again by its number. Throws CrmError.
 */
export async function resolveContact(ctx: BridgeContext, person: PersonRow): Promise<ContactId> {
  if (person.contactId) return person.contactId
  const crm = ctx.highlevel.forSubAccount(person.locationId)
  const found = person.phone ? await crm.findContactByPhone(person.phone) : null
  const contact =
    found ??
    (await crm.createContact({
      name: person.name ?? (person.phone ? `WhatsApp ${person.phone}` : 'WhatsApp contact'),
      phone: person.phone,
      source: 'WhatsApp',
    }))
  // Two people of ours may share one contact in the CRM; the one that had it first keeps it for what the CRM sends.
  const [owner] = await ctx.db
    .select({ id: people.id })
    .from(people)
    .where(and(eq(people.locationId, person.locationId), eq(people.contactId, contact.id)))
  if (!owner) {
    await ctx.db
      .update(people)
      .set({ contactId: contact.id, dnd: contact.dnd, factsAt: ctx.clock.now() })
      .where(eq(people.id, person.id))
  }
  return contact.id
}
