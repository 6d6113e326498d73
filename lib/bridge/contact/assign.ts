/** Contacts are given to the user their session is assigned to: who, and when not. */
import { eq } from 'drizzle-orm'
import { people } from '@/db/schema/people'
import { messages } from '@/db/schema/messages'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { LocationId, MessageId, PersonId, UserId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import type { NewDelivery } from '@/lib/outbox/put'
import { settleDeliveries } from '@/lib/outbox/settle'
import type { BridgeContext } from '../context'

interface Assigning {
  assignedUserId: UserId | null
  givesKnownContacts: 'never' | 'if_unassigned' | 'always'
}

/** The user a known contact is to be given to, whose owner is this one; null: they stay with whom they are. */
export function newOwner(session: Assigning, owner: UserId | null): UserId | null {
  const { assignedUserId, givesKnownContacts } = session
  if (assignedUserId === null || givesKnownContacts === 'never' || owner === assignedUserId) return null
  return givesKnownContacts === 'always' || owner === null ? assignedUserId : null
}

export const assignDelivery = (message: {
  id: MessageId
  locationId: LocationId
  personId: PersonId
}): NewDelivery => ({
  kind: 'assign',
  key: `assign:${message.id}`,
  lane: `assign:${message.personId}`,
  locationId: message.locationId,
  sessionId: null,
  subjectId: message.id,
})

/**
 * Gives the contact who wrote this message to the user of the session they wrote to, if that is still wanted and the CRM does
 * not say otherwise. Doing it twice changes nothing. Throws CrmError.
 */
export async function assignContact(ctx: BridgeContext, owner: string, delivery: ClaimedDelivery): Promise<void> {
  const [row] = await ctx.db
    .select({ person: people, session: sessions })
    .from(messages)
    .innerJoin(people, eq(people.id, messages.personId))
    .innerJoin(sessions, eq(sessions.id, messages.sessionId))
    .where(eq(messages.id, delivery.subjectId as MessageId))
  const contactId = row?.person.contactId
  let told: UserId | null | undefined
  if (row && contactId && row.session.assignedUserId && row.session.givesKnownContacts !== 'never') {
    const crm = ctx.highlevel.forSubAccount(row.person.locationId)
    const contact = await crm.getContact(contactId)
    const user = newOwner(row.session, contact.assignedTo)
    if (user) await crm.assignContact(contactId, user)
    told = user ?? contact.assignedTo
  }
  await inTransaction(ctx.db, async (tx) => {
    if (row && told !== undefined)
      await tx.update(people).set({ ownerUserId: told }).where(eq(people.id, row.person.id))
    await settleDeliveries(tx, owner, [{ delivery, settlement: { outcome: 'done' } }])
  })
}
