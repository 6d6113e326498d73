import { and, desc, eq, isNotNull, lt, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { messages, parts, type RoutingTrace } from '@/db/schema/messages'
import { chats, personAddresses } from '@/db/schema/people'
import type { TenantVault } from '@/db/vault'
import { channelKinds, type ChannelName } from '@/lib/channel/kinds'
import {
  orderedId,
  type ChatId,
  type ContactId,
  type LocationId,
  type MessageId,
  type PartId,
  type PersonId,
  type SessionId,
} from '@/lib/ids'
import { putDeliveries, type NewDelivery } from '@/lib/outbox/put'
import type { PersonRow } from '../contact/lock-person'
import { contentFailure, noNumber, personFailure } from './check-content'
import { failMessages } from './fail-messages'
import type { Failure } from './message'
import { noteDelivery } from './push-note'
import { answerRouting, type Asked } from './routing-facts'
import { sealContent } from './stored'

export interface Unbound extends Asked {
  id: MessageId
  contactId: ContactId | null
  attachments: readonly string[]
}

/** `needs_contact`: nothing was done, because it depends on what only the CRM knows of the contact. */
export type Bound = 'bound' | 'needs_contact'

/**
 * Decides, once, which session sends a stored message, and queues its parts; or fails it, with the reason in the CRM. The
 * sessions are locked against a change of status until the transaction ends: a session that goes down afterwards finds these
 * parts and fails them, one that went down before is not chosen.
 */
export async function bindMessage(
  tx: Transaction,
  now: Date,
  vault: TenantVault,
  person: PersonRow,
  message: Unbound,
): Promise<Bound> {
  const { choice, parsed } = await answerRouting(tx, now, person, message, { lock: true })
  if (!choice.trace) return 'needs_contact'
  const failure = choice.failure ?? contentFailure(message, parsed.text) ?? personFailure(person)
  const fail = async (why: Failure, trace: RoutingTrace) => {
    await tx
      .update(messages)
      .set({ trace, sessionId: choice.session?.id ?? null, personId: person.id })
      .where(eq(messages.id, message.id))
    await failMessages(tx, [message.id], why)
    return 'bound' as const
  }
  if (failure) return await fail(failure, choice.trace)

  const { session, hold } = choice as Extract<typeof choice, { hold: unknown }>
  const kind = channelKinds[session.channel]
  const texts = splitText(parsed.text, kind.textLimit)
  const chat = await takeSeats(tx, { person, session, count: texts.length })
  if (!chat) {
    return await fail(noNumber, choice.trace)
  }
  const rows = texts.map((text, index) => {
    const id = orderedId<PartId>()
    return {
      id,
      messageId: message.id,
      locationId: message.locationId,
      sessionId: session.id,
      chatId: chat.id,
      seq: chat.firstSeq + index,
      remoteId: kind.mintId!(),
      contentSealed: sealContent(vault, id, { kind: 'text', text }),
    }
  })
  const holdMs = hold === null ? null : Math.max(hold, await aheadMs(tx, person, session.id))
  await Promise.all([
    tx.insert(parts).values(rows),
    tx
      .update(messages)
      .set({
        ...{ status: 'queued', sessionId: session.id, chatId: chat.id, personId: person.id, trace: choice.trace },
        ...(holdMs === null ? { heldAt: null, holdMs } : { heldAt: sql`now()`, holdMs }),
        updatedAt: sql`now()`,
      })
      .where(eq(messages.id, message.id)),
    putDeliveries(
      tx,
      rows.map((part) =>
        sendDelivery({ id: part.id, chat_id: chat.id, location_id: message.locationId, session_id: session.id }),
      ),
    ),
    notifyChange(tx, { locationId: message.locationId, type: 'message', id: message.id }),
  ])
  if (choice.trace.fallbackFrom && message.contactId && (await isChange(tx, person, message.id, session.id)))
    await putDeliveries(tx, [noteDelivery(message, person.id)])
  return 'bound'
}

/** The promise to send a part, in its chat's order. */
const sendDelivery = (part: {
  id: PartId
  chat_id: ChatId
  location_id: LocationId
  session_id: SessionId
}): NewDelivery => ({
  kind: 'send',
  key: `send:${part.id}`,
  lane: `chat:${part.chat_id}`,
  locationId: part.location_id,
  sessionId: part.session_id,
  subjectId: part.id,
})

/** A message does not wait shorter than one before it: that could leave on another number after it. */
async function aheadMs(tx: Transaction, person: PersonRow, session: SessionId): Promise<number> {
  const [ahead] = await tx.execute<{ ms: number | null }>(sql`
    select ceil(extract(epoch from max(held_at + hold_ms * interval '1 millisecond') - now()) * 1000)::int as ms
    from messages where person_id = ${person.id} and session_id = ${session} and held_at is not null`)
  return ahead?.ms ?? 0
}

/** The people who answer a contact are told when the number changes, not with each message after that. */
async function isChange(tx: Transaction, person: PersonRow, id: MessageId, session: SessionId): Promise<boolean> {
  const [before] = await tx
    .select({ session: messages.sessionId })
    .from(messages)
    .where(and(eq(messages.personId, person.id), lt(messages.id, id), isNotNull(messages.chatId)))
    .orderBy(desc(messages.id))
    .limit(1)
  return before?.session !== session
}

/** The chat of a person on a session, and the first of `count` numbers in its order; null when no address is known. */
async function takeSeats(
  tx: Transaction,
  seats: { person: PersonRow; session: { id: SessionId; channel: ChannelName }; count: number },
): Promise<{ id: ChatId; firstSeq: number } | null> {
  const { person, session, count } = seats
  const [taken] = await tx
    .update(chats)
    .set({ nextSeq: sql`${chats.nextSeq} + ${count}` })
    .where(and(eq(chats.sessionId, session.id), eq(chats.personId, person.id)))
    .returning({ id: chats.id, nextSeq: chats.nextSeq })
  if (taken) return { id: taken.id, firstSeq: taken.nextSeq - count }
  const address =
    (person.phone && channelKinds[session.channel].addressOfPhone(person.phone)) ||
    (await anyAddress(tx, person.id, session.channel))
  if (!address) return null
  const [made] = await tx
    .insert(chats)
    .values({
      id: orderedId<ChatId>(),
      locationId: person.locationId,
      sessionId: session.id,
      personId: person.id,
      address,
      nextSeq: 1 + count,
    })
    .returning({ id: chats.id })
  return { id: made!.id, firstSeq: 1 }
}

async function anyAddress(tx: Transaction, personId: PersonId, channel: ChannelName) {
  const [row] = await tx
    .select({ address: personAddresses.address })
    .from(personAddresses)
    .where(and(eq(personAddresses.personId, personId), eq(personAddresses.channel, channel)))
    .limit(1)
  return row?.address ?? null
}

/** Cuts at a line or word end where one is near; never inside a surrogate pair. */
function splitText(text: string, limit: number): string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > limit) {
    const near = rest.slice(Math.floor(limit * 0.8), limit)
    const line = near.lastIndexOf('\n')
    const word = near.lastIndexOf(' ')
    const found = line >= 0 ? line : word
    let cut = found >= 0 ? Math.floor(limit * 0.8) + found + 1 : limit
    if (/[\ud800-\udbff]/.test(rest[cut - 1]!)) cut -= 1
    pieces.push(rest.slice(0, cut).trimEnd())
    rest = rest.slice(cut)
  }
  pieces.push(rest)
  return pieces.filter((piece) => piece.trim() !== '')
}
