import { and, eq } from 'drizzle-orm'
import { messages } from '@/db/schema/messages'
import { inTransaction } from '@/db/transaction'
import { channelKinds } from '@/lib/channel/kinds'
import { CrmError, orNull, type CrmContact, type SubAccountApi } from '@/lib/highlevel/highlevel'
import type { ContactId, LocationId, MessageId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import { learnContact } from '../contact/learn-contact'
import { lockPerson } from '../contact/lock-person'
import type { BridgeContext } from '../context'
import { bindMessage } from './bind-message'
import { failMessages } from './fail-messages'
import type { Failure } from './message'
import { parsePhone } from './phone'
import { openBody } from './stored'

/**
 * Fetches what an accepted message could not know (whether the contact may be written to, whether an unsigned delivery is
 * true) and binds it. Throws CrmError when the CRM cannot say now. Settles the delivery itself.
 */
export async function routeMessage(ctx: BridgeContext, owner: string, delivery: ClaimedDelivery): Promise<void> {
  const [message] = await ctx.db
    .select()
    .from(messages)
    .where(eq(messages.id, delivery.subjectId as MessageId))
  const settle = (settlement: Settlement) => [{ delivery, settlement }]
  if (!message || message.status !== 'received') return settleDeliveries(ctx.db, owner, settle({ outcome: 'done' }))

  const vault = await ctx.vault.forTenant(message.locationId)
  const body = openBody(vault, message.id, message.bodySealed)
  if (body.kind !== 'written') throw new Error('an outbound message has a written body')
  const crm = ctx.highlevel.forSubAccount(message.locationId)
  const ageMs = ctx.clock.now().getTime() - message.occurredAt.getTime()
  let failure: Failure | null = ageMs > goodForMs ? expired : null

  if (!failure && message.readBack === 'needed' && message.crmMessageId) {
    const told = await crm.getMessage(message.crmMessageId).catch(refusedAsNotYet)
    const same =
      told.locationId === message.locationId &&
      told.contactId === message.contactId &&
      told.direction === 'outbound' &&
      told.isOurs &&
      told.text === body.text
    if (!same) failure = notAsTold
  }
  const contact = failure ? null : await contactOf(crm, message)
  // The message as the CRM tells it has no number: one that is not the contact's would send true words to a stranger.
  const isForThem =
    failure !== null || message.toPhone === null || parsePhone(contact?.phone ?? null) === message.toPhone
  if (message.readBack === 'needed' && !isForThem) failure ??= notAsTold

  const address = message.toPhone && channelKinds.whatsapp.addressOfPhone(message.toPhone)
  const contactId = message.contactId ?? contact?.id ?? null

  await inTransaction(ctx.db, async (tx) => {
    let person = await lockPerson(tx, {
      locationId: message.locationId as LocationId,
      channel: 'whatsapp',
      addresses: address && !failure ? [address] : [],
      contactId,
      phone: failure ? null : message.toPhone,
      name: contact?.name ?? null,
      holding: delivery.lane,
    })
    // A worker whose hold on the lane ran out may come here late: only one of two binds.
    const [waiting] = await tx
      .select({ id: messages.id })
      .from(messages)
      .where(and(eq(messages.id, message.id), eq(messages.status, 'received')))
      .for('no key update')
    if (!waiting) return settleDeliveries(tx, owner, settle({ outcome: 'done' }))
    if (contact) {
      // Two contacts may share a number, and so a person: what is kept is said of the person's own contact.
      person =
        person.contactId === contactId
          ? await learnContact(ctx, tx, person, contact)
          : { ...person, dnd: contact.dnd, tags: contact.tags, ownerUserId: contact.assignedTo }
    }
    if (message.readBack === 'needed' && !failure)
      await tx.update(messages).set({ readBack: 'done' }).where(eq(messages.id, message.id))
    if (!message.contactId && contactId) await tx.update(messages).set({ contactId }).where(eq(messages.id, message.id))
    if (failure) await failMessages(tx, [message.id], failure)
    else {
      await bindMessage(tx, ctx.clock.now(), vault, person, {
        ...{ id: message.id, locationId: message.locationId, contactId, userId: message.userId },
        ...{ text: body.text, attachments: body.attachments, fromPhone: body.fromPhone, explicit: body.session },
        contact: { tags: contact?.tags ?? [], owner: contact?.assignedTo ?? null },
        // It was bound before, to a session that did not come back.
        inVain: message.trace?.session ?? undefined,
      })
    }
    await settleDeliveries(tx, owner, settle({ outcome: 'done' }))
  })
}

/** A message nobody could route for a day says something that no longer holds. */
const goodForMs = 24 * 3_600_000

const expired: Failure = {
  code: 'expired',
  message: 'Not sent: the CRM could not be asked about it for a day. Write it again if it still holds.',
}

const notAsTold: Failure = {
  code: 'internal',
  message: 'Not sent: the CRM does not know this message as it was handed to us. Write it again.',
}

/** The CRM may hand a message over before its API knows it; what it never comes to know is not sent. */
function refusedAsNotYet(error: unknown): never {
  if (!(error instanceof CrmError) || error.kind !== 'refused') throw error
  throw new CrmError('not_yet', 'the CRM does not know this message yet', { cause: error })
}

/** Whom it is for; what was asked for through the API names a number only, which may be nobody's the CRM knows. */
async function contactOf(
  crm: SubAccountApi,
  { contactId, toPhone }: { contactId: ContactId | null; toPhone: string | null },
): Promise<CrmContact | null> {
  if (contactId !== null) return await orNull(crm.getContact(contactId))
  return toPhone === null ? null : await crm.findContactByPhone(toPhone)
}
