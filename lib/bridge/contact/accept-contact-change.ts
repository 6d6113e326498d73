import { and, eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import type { AppEvent } from '@/lib/highlevel/highlevel'
import type { BridgeContext } from '../context'
import { rememberDeleted } from '../contact-sync/remember-deleted'
import { forgetContact } from './forget-contact'
import { learnTags } from './learn-tags'
import type { PersonRow } from './lock-person'

type ContactEvent = Extract<AppEvent, { type: 'contact-changed' | 'contact-deleted' }>

/**
 * What the CRM tells about a contact we know. Of a deleted one nothing is kept that names it, so the next message finds or
 * creates a contact anew. A changed number is not taken over: it may be another person, and whoever is written to next decides.
 * `at` is when the CRM says it happened, if it does.
 */
export async function acceptContactChange(
  ctx: BridgeContext,
  tx: Transaction,
  event: ContactEvent,
  at: Date | null,
): Promise<void> {
  if (event.type === 'contact-deleted') {
    await rememberDeleted(tx, event)
    return await forgetContact(tx, event.locationId, event.contactId)
  }
  const [person] = await tx
    .select()
    .from(people)
    .where(and(eq(people.locationId, event.locationId), eq(people.contactId, event.contactId)))
    .for('update')
  if (!person) return
  const facts = factsOf(person, event, at, ctx.clock.now())
  if (Object.keys(facts).length > 0) await tx.update(people).set(facts).where(eq(people.id, person.id))
  if (event.tags) await learnTags(ctx, tx, { ...person, ...facts }, { tags: event.tags, how: 'event', at })
}

/**
 * Do-not-disturb and owner as they were at some moment: events come late and out of order. What is known to be older than what
 * we have is not taken over; whenever the order is not certain the CRM is asked before the next message.
 */
function factsOf(
  person: PersonRow,
  event: Extract<ContactEvent, { type: 'contact-changed' }>,
  at: Date | null,
  now: Date,
): Partial<PersonRow> {
  const told: Partial<PersonRow> = {
    ...(event.dnd === null || event.dnd === person.dnd ? {} : { dnd: event.dnd }),
    ...(event.owner === null || event.owner.userId === person.ownerUserId ? {} : { ownerUserId: event.owner.userId }),
  }
  const isNews = Object.keys(told).length > 0
  const isOlder = at !== null && person.factsAt !== null && at < person.factsAt
  const isNewer = at !== null && person.factsAt !== null && !isOlder
  return {
    ...(event.phone === null || person.phone !== null ? {} : { phone: event.phone }),
    ...(isOlder ? {} : told),
    // Fresh is what is known to be so in all that routing asks for.
    ...(isNewer && event.dnd !== null ? { factsAt: at > now ? now : at } : isNews ? { factsAt: null } : {}),
  }
}
