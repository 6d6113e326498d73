import { eq } from 'drizzle-orm'
import { messages, type MessageStatus } from '@/db/schema/messages'
import { sessions } from '@/db/schema/sessions'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { MessageId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { settleDeliveries } from '@/lib/outbox/settle'
import type { BridgeContext } from '../context'
import { describeState, type PassedOverBecause } from '../session/standing'
import { describeSession } from './message'

const isWaiting: readonly MessageStatus[] = ['received', 'queued', 'sending']

/**
 * Tells the team, in the conversation and invisibly to the contact, that a message left from another number than the contact
 * knows. When nobody knows how an earlier attempt ended, the conversation is searched for the words first. Throws CrmError.
 */
export async function pushNote(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean,
): Promise<void> {
  const [row] = await ctx.db
    .select({ message: messages, session: { label: sessions.label, phone: sessions.phone } })
    .from(messages)
    .leftJoin(sessions, eq(sessions.id, messages.sessionId))
    .where(eq(messages.id, delivery.subjectId as MessageId))
  const from = row?.message.trace?.fallbackFrom
  // Failed meanwhile, or routed again by now: nothing left on another number.
  if (row?.session && from && row.message.contactId && row.message.status !== 'failed') {
    const { contactId, locationId } = row.message
    // It may yet fail, or leave on the number the contact knows.
    if (isWaiting.includes(row.message.status)) throw new CrmError('try_later', 'the message has not left yet')
    const text = `${describeSession(row.session)} sent this instead of ${from.label}, which ${describeState(from.why as PassedOverBecause)}.`
    const crm = ctx.highlevel.forSubAccount(locationId)
    const isThere = delivery.inDoubt && (await crm.hasNote(contactId, text))
    if (!isThere) {
      if (!isHeld()) throw new HoldLost(delivery.id)
      await crm.addNote(contactId, text)
    }
  }
  await settleDeliveries(ctx.db, owner, [{ delivery, settlement: { outcome: 'done' } }])
}
