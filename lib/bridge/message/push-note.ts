import { eq } from 'drizzle-orm'
import { messages, type MessageStatus } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { ContactId, LocationId, MessageId, PersonId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import type { NewDelivery } from '@/lib/outbox/put'
import { settleDeliveries } from '@/lib/outbox/settle'
import type { BridgeContext } from '../context'
import { describeState, type PassedOverBecause } from '../session/standing'
import { contactOf } from './contact-of'
import { describeSession } from './message'

type MessageRow = typeof messages.$inferSelect

const isWaiting: readonly MessageStatus[] = ['received', 'queued', 'sending']

export const noteDelivery = (message: { id: MessageId; locationId: LocationId }, personId: PersonId): NewDelivery => ({
  kind: 'note',
  key: `note:${message.id}`,
  lane: `note:${personId}`,
  locationId: message.locationId,
  sessionId: null,
  subjectId: message.id,
})

/** In the lane that makes contacts: two at once would make a stranger without a number two. */
export const missingNoteDelivery = (
  message: { id: MessageId; locationId: LocationId },
  personId: PersonId,
): NewDelivery => ({ ...noteDelivery(message, personId), lane: `person:${personId}` })

/**
 * Tells the team, in the conversation and invisibly to the contact, that a message left from another number than the contact
 * knows, or that one could not be shown there. When nobody knows how an earlier attempt ended, the conversation is searched for the words first. Throws CrmError.
 */
export async function pushNote(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean,
): Promise<void> {
  const [row] = await ctx.db
    .select({
      message: messages,
      person: people,
      session: { label: sessions.label, phone: sessions.phone },
    })
    .from(messages)
    .leftJoin(sessions, eq(sessions.id, messages.sessionId))
    .leftJoin(people, eq(people.id, messages.personId))
    .where(eq(messages.id, delivery.subjectId as MessageId))
  const text = row && textOf(row.message, row.session)
  const contactId = text && (await whose(ctx, { delivery, isHeld }, row))
  if (text && contactId) {
    const crm = ctx.highlevel.forSubAccount(row.message.locationId)
    const isThere = delivery.inDoubt && (await crm.hasNote(contactId, text))
    if (!isThere) {
      if (!isHeld()) throw new HoldLost(delivery.id)
      await crm.addNote(contactId, text)
    }
  }
  await settleDeliveries(ctx.db, owner, [{ delivery, settlement: { outcome: 'done' } }])
}

/** A stranger of whom nothing else is there becomes a contact by it: nobody would know that they wrote. */
async function whose(
  ctx: BridgeContext,
  hold: { delivery: ClaimedDelivery; isHeld: () => boolean },
  { message, person }: { message: MessageRow; person: typeof people.$inferSelect | null },
): Promise<ContactId | null> {
  const known = message.contactId ?? person?.contactId ?? null
  if (known || !person || !isMissing(message)) return known
  return await contactOf(ctx, hold, { message, person, session: null })
}

/** Null: nothing to say any more. Throws CrmError while it cannot be known. */
function textOf(message: MessageRow, session: { label: string; phone: string | null } | null): string | null {
  if (isMissing(message)) {
    const at = message.occurredAt.toISOString().slice(0, 16).replace('T', ' ')
    const whose = message.direction === 'inbound' ? 'from' : 'to'
    return `A WhatsApp message ${whose} this contact, of ${at} UTC, could not be shown here. Read it in the app, under Messages.`
  }
  const from = message.trace?.fallbackFrom
  // Failed meanwhile, or routed again by now: nothing left on another number.
  if (!session || !from || message.status === 'failed') return null
  // It may yet fail, or leave on the number the contact knows.
  if (isWaiting.includes(message.status)) throw new CrmError('try_later', 'the message has not left yet')
  return `${describeSession(session)} sent this instead of ${from.label}, which ${describeState(from.why as PassedOverBecause)}.`
}

/** The CRM did not take it for good: what did not come from there, and never came to be there. */
const isMissing = ({ origin, status, crmMessageId, failureCode }: MessageRow) =>
  origin !== 'crm' && status !== 'failed' && crmMessageId === null && failureCode === 'internal'
