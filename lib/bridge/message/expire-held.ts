import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { messages, parts } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { inTransaction, isOutage } from '@/db/transaction'
import type { MessageId } from '@/lib/ids'
import { putDeliveries } from '@/lib/outbox/put'
import { failureInVain } from '../session/standing'
import type { BridgeContext } from '../context'
import { routeDelivery } from './accept-outbound'
import { bindMessage } from './bind-message'
import { failMessages, giveUpSends } from './fail-messages'
import { openBody } from './stored'

const atOnce = 200

/** Rules that only prefer a session: another may take its place, once. */
const softRules = [3, 5, 6]

/**
 * Ends the waiting of messages whose session has not come back in time: they fail, or, where a rule only preferred the session,
 * go by the next rule. Due times are rows, so any worker finds them after any death. `scale` shortens the spans in suites.
 * Returns how many were ended.
 */
export async function expireHeld(ctx: BridgeContext, scale = 1): Promise<number> {
  const due = await ctx.db
    .select({ id: messages.id })
    .from(messages)
    .where(and(isDue(scale), mayEnd))
    .orderBy(messages.id)
    .limit(atOnce)
  let ended = 0
  for (const { id } of due)
    try {
      if (await inTransaction(ctx.db, (tx) => expireOne(ctx, tx, id, scale))) ended += 1
    } catch (error) {
      if (isOutage(error)) throw error
      // One message must not keep all others waiting; the next round tries it again.
      ctx.log.warn({ messageId: id, err: error }, 'the waiting of a message could not be ended yet')
    }
  return ended
}

const isDue = (scale: number) =>
  sql`${messages.heldAt} is not null
    and ${messages.heldAt} + ${messages.holdMs} * ${scale}::float8 * interval '1 millisecond' <= now()`

/** What may have arrived is left until that is known; however much there is of it, it takes nobody's place among the due. */
const mayEnd = sql`not exists (select 1 from parts where message_id = ${messages.id} and state = 'sending')`

async function expireOne(ctx: BridgeContext, tx: Transaction, id: MessageId, scale: number): Promise<boolean> {
  // People, sessions, parts, messages: as whoever accepts, sends or hears something of them locks them.
  const [about] = await tx
    .select({ personId: messages.personId, sessionId: messages.sessionId })
    .from(messages)
    .where(eq(messages.id, id))
  if (!about?.sessionId || !about.personId) return false
  const [person] = await tx.select().from(people).where(eq(people.id, about.personId)).for('update')
  const [session] = await tx.select().from(sessions).where(eq(sessions.id, about.sessionId)).for('share')
  const all = await tx
    .select({ id: parts.id, state: parts.state })
    .from(parts)
    .where(eq(parts.messageId, id))
    .for('update')
  const [message] = await tx
    .select()
    .from(messages)
    .where(and(eq(messages.id, id), eq(messages.sessionId, about.sessionId), isDue(scale)))
    .for('no key update')
  if (!person || !session || !message || session.status === 'connected') return false
  // One of them may have arrived: that is known once the session is back.
  if (all.some(({ state }) => state === 'sending')) return false
  const waiting = all.filter(({ state }) => state === 'queued').map((part) => part.id)
  await giveUpSends(tx, waiting, 'session_down_timeout')
  await tx.update(messages).set({ heldAt: null, holdMs: null }).where(eq(messages.id, id))
  const isSoft =
    softRules.includes(message.trace?.rule ?? 0) &&
    message.trace?.fallbackFrom?.why !== 'no_return' &&
    waiting.length === all.length
  if (!isSoft) {
    const failure = failureInVain(session, message.holdMs ?? 0)
    await tx
      .update(messages)
      .set({ trace: sql`jsonb_set(${messages.trace}, '{holdMs}', to_jsonb(${message.holdMs ?? 0}::int))` })
      .where(eq(messages.id, id))
    await failMessages(tx, [id], failure)
    return true
  }

  const vault = await ctx.vault.forTenant(message.locationId)
  const body = openBody(vault, id, message.bodySealed)
  if (body.kind !== 'written') throw new Error('an outbound message has a written body')
  await tx.delete(parts).where(inArray(parts.id, waiting))
  const unbound = {
    ...{ id, locationId: message.locationId, contactId: message.contactId, userId: message.userId },
    ...{ text: body.text, attachments: body.attachments, fromPhone: body.fromPhone },
    inVain: session.id,
  }
  const bound = await bindMessage(tx, ctx.clock.now(), vault, person, unbound)
  if (bound === 'needs_contact') {
    await tx.update(messages).set({ status: 'received', chatId: null }).where(eq(messages.id, id))
    await putDeliveries(tx, [routeDelivery({ id, locationId: message.locationId, personId: person.id })])
  } else {
    const waited = message.holdMs ?? 0
    await tx
      .update(messages)
      .set({ trace: sql`jsonb_set(${messages.trace}, '{holdMs}', to_jsonb(${waited}::int))` })
      .where(eq(messages.id, id))
  }
  return true
}
