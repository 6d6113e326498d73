import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { messages } from '@/db/schema/messages'
import { subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { channelKinds } from '@/lib/channel/kinds'
import { BridgeError } from '@/lib/errors'
import type { ProviderMessage } from '@/lib/highlevel/highlevel'
import { orderedId, type LocationId, type MessageId, type PersonId, type SessionId } from '@/lib/ids'
import { putDeliveries, type NewDelivery } from '@/lib/outbox/put'
import { lockPerson, type PersonRow } from '../contact/lock-person'
import type { Actor, BridgeContext } from '../context'
import { reachSession } from '../reach'
import { bindMessage } from './bind-message'
import { failMessages } from './fail-messages'
import type { Failure } from './message'
import { parsePhone } from './phone'
import { sealBody } from './stored'

/** How long what the CRM said about a contact is good enough to send by. */
const factsGoodForHours = 24

export type Accepted = 'accepted' | 'repeated' | 'not_installed'

/**
 * Takes a message the CRM asks us to deliver. Resolves once it is stored: from then on it is never dropped. A repeated message
 * id changes nothing. Where a routing fact is missing, or the delivery came unsigned, or earlier messages to the same contact
 * still wait for theirs, the message is stored as received and a `route` delivery decides later, in order.
 */
export async function acceptOutbound(
  ctx: BridgeContext,
  input: {
    message: ProviderMessage
    signature: 'good' | 'unsigned'
    /** When it was written, if not just now. */
    at?: Date
    /** Why it is not to be sent. */
    failure?: Failure
  },
): Promise<Accepted> {
  const { message } = input
  const [subAccount] = await ctx.db
    .select({ status: subAccounts.status })
    .from(subAccounts)
    .where(eq(subAccounts.id, message.locationId))
  if (!subAccount || subAccount.status === 'uninstalled') return 'not_installed'
  const vault = await ctx.vault.forTenant(message.locationId)
  const phone = parsePhone(message.phone)
  const address = phone && channelKinds.whatsapp.addressOfPhone(phone)
  const isSigned = input.signature === 'good'
  const id = orderedId<MessageId>()
  const bodySealed = sealBody(vault, id, {
    ...{ kind: 'written', text: message.text, attachments: message.attachments },
    ...(message.fromPhone ? { fromPhone: message.fromPhone } : {}),
  })

  return await inTransaction(ctx.db, async (tx) => {
    const person = await lockPerson(tx, {
      locationId: message.locationId,
      channel: 'whatsapp',
      // What nobody vouches for teaches us nothing about who a contact is; the number counts once it has been read back.
      addresses: address && isSigned ? [address] : [],
      contactId: message.contactId,
      phone: isSigned ? phone : null,
      name: null,
    })
    const storing = tx
      .insert(messages)
      .values({
        id,
        locationId: message.locationId,
        direction: 'outbound',
        origin: 'crm',
        personId: person.id,
        contactId: message.contactId,
        crmMessageId: message.crmMessageId,
        userId: message.userId,
        toPhone: phone,
        bodySealed,
        status: 'received',
        readBack: isSigned ? null : 'needed',
        occurredAt: input.at ?? ctx.clock.now(),
      })
      .onConflictDoNothing()
      .returning({ id: messages.id })
    const [stored, isBehind] = await Promise.all([storing, earlierWait(tx, person)])
    if (stored.length === 0) return 'repeated'
    if (input.failure) {
      await failMessages(tx, [id], input.failure)
      return 'accepted'
    }
    const isKnown = person.contactId === message.contactId && factsAreFresh(person, ctx.clock.now())
    const waits = input.signature === 'unsigned' || !isKnown || isBehind
    const bound = waits ? 'needs_contact' : await bindMessage(tx, ctx.clock.now(), vault, person, { id, ...message })
    if (bound === 'needs_contact') {
      await putDeliveries(tx, [routeDelivery({ id, locationId: message.locationId, personId: person.id })])
      await notifyChange(tx, { locationId: message.locationId, type: 'message', id })
    }
    return 'accepted'
  })
}

/**
 * A message asked for through our API, on a session the caller names. It is shown in the CRM's conversation once it has left.
 * Where nobody knows whether the contact may be written to, a `route` delivery finds out first. Throws BridgeError: not_found for
 * a session the caller may not use, bad_request for a number that is none.
 */
export async function acceptFromApi(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; to: string; text: string },
): Promise<{ id: MessageId }> {
  const session = await reachSession(ctx.db, actor, input.sessionId)
  const phone = parsePhone(input.to)
  const address = phone && channelKinds[session.channel].addressOfPhone(phone)
  if (!phone || !address) {
    throw new BridgeError('bad_request', 'The number is not a phone number.', {
      fields: { to: 'Give a phone number with its country code, such as +15550100001.' },
    })
  }
  const vault = await ctx.vault.forTenant(session.locationId)
  const id = orderedId<MessageId>()
  const bodySealed = sealBody(vault, id, { kind: 'written', text: input.text, attachments: [], session: session.id })
  await inTransaction(ctx.db, async (tx) => {
    const person = await lockPerson(tx, {
      locationId: session.locationId,
      channel: session.channel,
      addresses: [address],
      contactId: null,
      phone,
      name: null,
    })
    const storing = tx.insert(messages).values({
      id,
      locationId: session.locationId,
      sessionId: session.id,
      direction: 'outbound',
      origin: 'api',
      personId: person.id,
      contactId: person.contactId,
      userId: actor.kind === 'user' ? actor.userId : null,
      toPhone: phone,
      bodySealed,
      status: 'received',
      occurredAt: ctx.clock.now(),
    })
    const [isBehind] = await Promise.all([earlierWait(tx, person), storing])
    const isKnown = person.contactId !== null && factsAreFresh(person, ctx.clock.now())
    if (isBehind || !isKnown) {
      await putDeliveries(tx, [routeDelivery({ id, locationId: session.locationId, personId: person.id })])
      await notifyChange(tx, { locationId: session.locationId, type: 'message', id })
    } else
      await bindMessage(tx, ctx.clock.now(), vault, person, {
        ...{ id, locationId: session.locationId, contactId: person.contactId, text: input.text },
        userId: actor.kind === 'user' ? actor.userId : null,
        attachments: [],
        explicit: session.id,
      })
  })
  return { id }
}

/** Decides later, in the order of what was accepted for this person. */
export const routeDelivery = (message: { id: MessageId; locationId: LocationId; personId: PersonId }): NewDelivery => ({
  kind: 'route',
  key: `route:${message.id}`,
  lane: `route:${message.personId}`,
  locationId: message.locationId,
  sessionId: null,
  subjectId: message.id,
})

function factsAreFresh(person: PersonRow, now: Date): boolean {
  return (
    person.dnd !== null &&
    person.factsAt !== null &&
    now.getTime() - person.factsAt.getTime() < factsGoodForHours * 3_600_000
  )
}

async function earlierWait(tx: Transaction, person: PersonRow): Promise<boolean> {
  const rows = await tx.execute(sql`
    select 1 from deliveries where lane_id = ${`route:${person.id}`} and state = 'ready' limit 1`)
  return rows.length > 0
}
