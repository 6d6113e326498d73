/**
 * Which number a message was received on, said in the CRM as the sub-account wants it: in a note where it changes, before each
 * message, or not at all. One number says itself.
 */
import { and, eq, isNotNull, ne, sql, type Column } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Queryable, Transaction } from '@/db/client'
import { messages } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { LocationId, MessageId, PersonId, SessionId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import type { NewDelivery } from '@/lib/outbox/put'
import { settleDeliveries } from '@/lib/outbox/settle'
import type { PersonRow } from '../contact/lock-person'
import { lookAgainAfterMs } from '../contact/resolve'
import type { BridgeContext } from '../context'
import { settingsOf } from '../sub-account/settings'
import { addTo, contactOf } from './contact-of'
import { describeSession } from './message'

/** As often as the CRM may fail at a note alone, while the message behind it waits. */
const mostFailures = 3
const begins = 'Received on '

/** In the lane of the message, before it. */
export const receivedDelivery = (message: {
  id: MessageId
  locationId: LocationId
  personId: PersonId
}): NewDelivery => ({
  kind: 'received',
  key: `received:${message.id}`,
  lane: `person:${message.personId}`,
  locationId: message.locationId,
  sessionId: null,
  subjectId: message.id,
})

const other = alias(sessions, 'other_sessions')

/** Whether another number of the sub-account could have received it too. */
export const hasOtherNumbers = (
  db: Queryable,
  { id, locationId }: { id: SessionId | Column; locationId: LocationId | Column },
) =>
  sql<boolean>`exists (${db
    .select({ id: other.id })
    .from(other)
    .where(
      and(eq(other.locationId, locationId), ne(other.id, id), ne(other.wanted, 'removed'), isNotNull(other.phone)),
    )})`

/** Of a person whose row the caller has locked: whether they write to another number than before, and a note is to say so. */
export async function mustSayNumber(
  tx: Transaction,
  person: PersonRow,
  session: { id: SessionId; locationId: LocationId },
): Promise<boolean> {
  if (person.lastWroteTo === session.id) return false
  const [row] = await tx
    .select({ settings: subAccounts.settings, isOneOfMany: hasOtherNumbers(tx, session) })
    .from(subAccounts)
    .where(eq(subAccounts.id, session.locationId))
  return row !== undefined && row.isOneOfMany && settingsOf(row).inboundLabel === 'on_change'
}

/**
 * Puts the note into the conversation, once. The same words stand there each time the person comes back to a number, so after an
 * unknown outcome it is the newest of such notes that counts. Throws CrmError; settles the delivery when it is done.
 */
export async function pushReceived(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean = () => true,
): Promise<void> {
  const [row] = await ctx.db
    .select({ message: { createdAt: messages.createdAt }, person: people, session: sessions })
    .from(messages)
    .innerJoin(people, eq(people.id, messages.personId))
    .innerJoin(sessions, eq(sessions.id, messages.sessionId))
    .where(eq(messages.id, delivery.subjectId as MessageId))
  const settle = (why?: string) =>
    settleDeliveries(ctx.db, owner, [
      { delivery, settlement: why === undefined ? { outcome: 'done' } : { outcome: 'given_up', why } },
    ])
  if (!row) return await settle()
  const { person, session } = row
  const contactId = await contactOf(ctx, { delivery, isHeld }, row)
  const crm = ctx.highlevel.forSubAccount(delivery.locationId)
  const text = `${begins}${describeSession(session)}`
  try {
    if (delivery.inDoubt) {
      await ctx.clock.sleep(lookAgainAfterMs)
      if (await crm.hasNote(contactId, text, begins)) return await settle()
    }
    if (!isHeld()) throw new HoldLost(delivery.id)
    await addTo(ctx, person, contactId, () => crm.addNote(contactId, text))
  } catch (error) {
    if (!(error instanceof CrmError && error.isCounted) || delivery.failures + 1 < mostFailures) throw error
    return await settle(error.message)
  }
  await settle()
}
