import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import type { CrmContact } from '@/lib/highlevel/highlevel'
import type { BridgeContext } from '../context'
import { learnTags } from './learn-tags'
import type { PersonRow } from './lock-person'

/** A person's own contact, read from the CRM just now: what may be sent to them, whose they are, and what their tags say. */
export async function learnContact(
  ctx: BridgeContext,
  tx: Transaction,
  person: PersonRow,
  contact: CrmContact,
): Promise<PersonRow> {
  const facts = { dnd: contact.dnd, ownerUserId: contact.assignedTo, factsAt: ctx.clock.now() }
  await tx.update(people).set(facts).where(eq(people.id, person.id))
  return await learnTags(ctx, tx, { ...person, ...facts }, { tags: contact.tags, how: 'glance' })
}
