import { and, eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { messages, parts } from '@/db/schema/messages'
import { chats } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { LineEvent, OwnedSession } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import { orderedId, type ChatId, type MessageId, type RemoteId } from '@/lib/ids'
import { putDeliveries } from '@/lib/outbox/put'
import { setAffinity } from '../contact/affinity'
import { lockPerson, type PersonRow } from '../contact/lock-person'
import { tagWhatHappened } from '../contact/tag-events'
import type { BridgeContext } from '../context'
import { fence } from '../session/fence'
import { mustSayNumber, receivedDelivery } from './push-received'
import { pushDelivery } from './refresh-status'
import { sealBody } from './stored'

type HeardMessage = Extract<LineEvent, { type: 'message' }>

/**
 * Stores what a line heard, once, with the promise to push it to the CRM. Our own message coming back from the network is
 * known by its id and stops here. Throws LostOwnership when the session has another owner.
 */
export async function hearInbound(
  ctx: BridgeContext,
  session: OwnedSession & { channel: ChannelName },
  event: HeardMessage,
): Promise<void> {
  const vault = await ctx.vault.forTenant(session.locationId)
  const id = orderedId<MessageId>()
  const bodySealed = sealBody(vault, id, { kind: 'heard', content: event.content })
  await inTransaction(ctx.db, async (tx) => {
    await fence(tx, session)
    const person = await lockPerson(tx, {
      locationId: session.locationId,
      channel: session.channel,
      addresses: event.person.aliases,
      contactId: null,
      phone: event.person.phone,
      // On what we typed ourselves the name is our own.
      name: event.fromPhone ? null : event.person.name,
    })
    const chatId = await chatOf(tx, session, person, event)
    if (event.fromPhone && (await isOwnEcho(tx, session, event))) return
    const stored = await tx
      .insert(messages)
      .values({
        id,
        locationId: session.locationId,
        direction: event.fromPhone ? 'outbound' : 'inbound',
        origin: event.fromPhone ? 'phone' : 'person',
        personId: person.id,
        contactId: person.contactId,
        sessionId: session.id,
        chatId,
        remoteId: storable(event.id),
        bodySealed,
        status: event.fromPhone ? 'sent' : 'received',
        occurredAt: event.at,
      })
      .onConflictDoNothing()
      .returning({ id: messages.id })
    if (stored.length === 0) return
    await moveConversation(ctx, tx, session, person, event)
    if (!event.fromPhone && !person.hasWritten) await wakeChats(tx, person)
    await tx
      .update(sessions)
      .set({ lastActiveAt: sql`now()` })
      .where(and(eq(sessions.id, session.id), olderThanAMinute))
    const pushed = { id, locationId: session.locationId, personId: person.id }
    const isSaid = !event.fromPhone && (await mustSayNumber(tx, person, session))
    await putDeliveries(tx, [...(isSaid ? [receivedDelivery(pushed)] : []), pushDelivery(pushed)])
    await notifyChange(tx, { locationId: session.locationId, type: 'message', id })
  })
}

/** The sender chose the id. One that PostgreSQL cannot take must not keep their chat from being heard. */
const storable = (id: RemoteId) => id.toWellFormed().replaceAll('\0', '') as RemoteId

/** Written at most once a minute: the row is one that senders lock. */
const olderThanAMinute = sql`(${sessions.lastActiveAt} is null or ${sessions.lastActiveAt} < now() - interval '1 minute')`

async function chatOf(tx: Transaction, session: OwnedSession, person: PersonRow, event: HeardMessage): Promise<ChatId> {
  const [chat] = await tx
    .insert(chats)
    .values({
      id: orderedId<ChatId>(),
      locationId: session.locationId,
      sessionId: session.id,
      personId: person.id,
      address: event.person.address,
      reachable: true,
      checkedAt: sql`now()`,
    })
    .onConflictDoUpdate({
      target: [chats.sessionId, chats.personId],
      set: { address: event.person.address, reachable: true, checkedAt: sql`now()` },
    })
    .returning({ id: chats.id })
  return chat!.id
}

async function isOwnEcho(tx: Transaction, session: OwnedSession, event: HeardMessage): Promise<boolean> {
  const sent = await tx
    .select({ id: parts.id })
    .from(parts)
    .where(and(eq(parts.sessionId, session.id), eq(parts.remoteId, storable(event.id))))
  return sent.length > 0
}

/** What waits until a number linked lately may write to more new contacts: whoever wrote is none. */
async function wakeChats(tx: Transaction, person: PersonRow): Promise<void> {
  await tx.execute(sql`
    update lanes set due_at = now() where id in (
      select id from lanes where id in (select 'chat:' || id from chats where person_id = ${person.id})
        and busy_by is null and due_at > now() and due_at < 'infinity'
      order by id for update)`)
}

/** The conversation stays on the session the person wrote to last, or on the phone that answered them. */
async function moveConversation(
  ctx: BridgeContext,
  tx: Transaction,
  session: OwnedSession,
  person: PersonRow,
  event: HeardMessage,
): Promise<void> {
  const by = event.fromPhone ? 'phone' : 'inbound'
  // What one number kept for us while another one went on is older than what we know.
  const lastWroteAt = person.lastWroteAt && person.lastWroteAt > event.at ? person.lastWroteAt : event.at
  const wrote = event.fromPhone ? {} : { hasWritten: true, lastWroteAt, lastWroteTo: session.id }
  await setAffinity(tx, person, { session: session.id, by, at: event.at }, wrote)
  if (event.fromPhone) await tagWhatHappened(ctx, tx, person, 'phoneReplyTag')
  else if (!person.hasWritten) await tagWhatHappened(ctx, tx, person, 'inboundTag')
}
