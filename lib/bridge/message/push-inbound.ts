import { and, desc, eq, sql } from 'drizzle-orm'
import { messages, parts } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { Database, Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import type { TenantVault } from '@/db/vault'
import { inTransaction } from '@/db/transaction'
import type { CrmMessageId, MessageId, PersonId, RemoteId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { putDeliveries } from '@/lib/outbox/put'
import { settleDeliveries } from '@/lib/outbox/settle'
import { assignDelivery, newOwner } from '../contact/assign'
import { lookAgainAfterMs } from '../contact/resolve'
import type { BridgeContext } from '../context'
import type { Settings } from '../sub-account/settings'
import { addTo, contactOf } from './contact-of'
import { contentText, ownWords, targetOf } from './content-text'
import { hasOtherNumbers } from './push-received'
import { openBody, openContent } from './stored'

/**
 * Adds a message from WhatsApp, or one that left otherwise than through the CRM, to the CRM's conversation, once. When nobody
 * knows how an earlier attempt ended, the conversation is searched for our id before anything is added again. Throws CrmError;
 * settles the delivery when it is done.
 */
export async function pushInbound(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean = () => true,
): Promise<void> {
  const id = delivery.subjectId as MessageId
  const [row] = await loadingFrom(ctx.db).execute({ id })
  if (!row || row.message.crmMessageId) {
    return settleDeliveries(ctx.db, owner, [{ delivery, settlement: { outcome: 'done' } }])
  }
  const { message, person, session } = row
  const vault = await ctx.vault.forTenant(message.locationId)
  const text = prefixOf(row) + (await textOf(ctx, vault, message))
  const crm = ctx.highlevel.forSubAccount(message.locationId)
  const contactId = await contactOf(ctx, { delivery, isHeld }, row)
  const direction = message.direction

  let crmMessageId: CrmMessageId | null = null
  let conversationId: string | null = null
  if (delivery.inDoubt) {
    await ctx.clock.sleep(lookAgainAfterMs)
    crmMessageId = await crm.findMessage({ contactId, outsideId: id, direction, at: message.occurredAt, text })
  }
  if (!crmMessageId) {
    if (!isHeld()) throw new HoldLost(delivery.id)
    const added = await addTo(ctx, person, contactId, () =>
      crm.addMessage({ contactId, direction, text, outsideId: id, at: message.occurredAt }),
    )
    crmMessageId = added.crmMessageId
    conversationId = added.conversationId
  }
  await inTransaction(ctx.db, async (tx) => {
    await tx.update(messages).set({ crmMessageId, contactId }).where(eq(messages.id, id))
    if (conversationId && !person.conversationId) {
      await tx.update(people).set({ conversationId }).where(eq(people.id, person.id))
    }
    if (session && message.origin === 'person') await giveToUser(tx, message, person.id, session)
    await settleDeliveries(tx, owner, [{ delivery, settlement: { outcome: 'done' } }])
    await notifyChange(tx, { locationId: message.locationId, type: 'message', id })
  })
}

function prepareLoading(db: Database) {
  const { id, locationId, direction, origin, crmMessageId, createdAt, occurredAt, bodySealed, chatId } = messages
  const { label, assignedUserId, givesNewContacts, givesKnownContacts } = sessions
  return db
    .select({
      message: { id, locationId, direction, origin, crmMessageId, createdAt, occurredAt, bodySealed, chatId },
      person: people,
      session: { label, assignedUserId, givesNewContacts, givesKnownContacts },
      inboundLabel: sql<Settings['inboundLabel'] | null>`${subAccounts.settings}->>'inboundLabel'`,
      isOneOfMany: hasOtherNumbers(db, { id: messages.sessionId, locationId: messages.locationId }),
    })
    .from(messages)
    .innerJoin(people, eq(people.id, messages.personId))
    .innerJoin(subAccounts, eq(subAccounts.id, messages.locationId))
    .leftJoin(sessions, eq(sessions.id, messages.sessionId))
    .where(eq(messages.id, sql.placeholder('id')))
    .prepare('inbound_to_push')
}
type Loading = ReturnType<typeof prepareLoading>
type Loaded = NonNullable<Awaited<ReturnType<Loading['execute']>>[number]>

const loadings = new WeakMap<Database, Loading>()
/** Put together once: with so many columns that costs more than asking. */
function loadingFrom(db: Database): Loading {
  const found = loadings.get(db) ?? prepareLoading(db)
  loadings.set(db, found)
  return found
}

/** A contact who writes here may be given to the session's user; whose they are is known since the contact was. */
async function giveToUser(
  tx: Transaction,
  { id, locationId }: Loaded['message'],
  personId: PersonId,
  session: NonNullable<Loaded['session']>,
): Promise<void> {
  if (newOwner(session, null) === null) return
  const [now] = await tx
    .select({ owner: people.ownerUserId, tags: people.tags })
    .from(people)
    .where(eq(people.id, personId))
  const mayBe = newOwner(session, now?.tags ? now.owner : null)
  if (mayBe) await putDeliveries(tx, [assignDelivery({ id, locationId, personId })])
}

/** Where each message says which number received it. */
function prefixOf({ message, session, inboundLabel, isOneOfMany }: Loaded): string {
  const says = message.origin === 'person' && inboundLabel === 'prefix_each' && isOneOfMany
  return says && session ? `[${session.label}] ` : ''
}

async function textOf(ctx: BridgeContext, vault: TenantVault, message: Loaded['message']): Promise<string> {
  const body = openBody(vault, message.id, message.bodySealed)
  if (body.kind === 'written') return body.text
  const target = targetOf(body.content) as RemoteId | null
  const quoted = target && message.chatId ? await wordsOf(ctx, vault, message, target) : null
  return contentText(body.content, message.occurredAt, quoted)
}

/** The words of the message a reaction or an edit is about: one that was heard in this chat, or one we sent. */
async function wordsOf(
  ctx: BridgeContext,
  vault: TenantVault,
  message: Loaded['message'],
  target: RemoteId,
): Promise<string | null> {
  const [heard] = await ctx.db
    .select()
    .from(messages)
    .where(and(eq(messages.chatId, message.chatId!), eq(messages.remoteId, target)))
    .orderBy(desc(messages.id))
    .limit(1)
  if (heard) {
    const body = openBody(vault, heard.id, heard.bodySealed)
    return body.kind === 'heard' ? ownWords(body.content) : body.text
  }
  // As it left: without the routing code, and of a long text the piece it was.
  const [sent] = await ctx.db
    .select({ id: parts.id, contentSealed: parts.contentSealed })
    .from(parts)
    .where(and(eq(parts.chatId, message.chatId!), eq(parts.remoteId, target)))
  return sent ? ownWords(openContent(vault, sent.id, sent.contentSealed)) : null
}
