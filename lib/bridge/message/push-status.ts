import { eq } from 'drizzle-orm'
import { messages } from '@/db/schema/messages'
import { inTransaction } from '@/db/transaction'
import type { MessageId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { settleDeliveries } from '@/lib/outbox/settle'
import type { BridgeContext } from '../context'

const rank = { delivered: 1, failed: 1, read: 2 } as const
type Told = keyof typeof rank

const tellable = (status: string): status is Told => status in rank

/**
 * Tells the CRM how far a message has come, never back. What was reached while an older status was being told is told next.
 * Throws CrmError; settles the delivery when it is done.
 */
export async function pushStatus(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean = () => true,
): Promise<void> {
  const id = delivery.subjectId as MessageId
  const [message] = await ctx.db.select().from(messages).where(eq(messages.id, id))
  const status = message?.status
  if (!message?.crmMessageId || !status || !tellable(status) || !isNews(message.pushedStatus, status)) {
    return settleDeliveries(ctx.db, owner, [{ delivery, settlement: { outcome: 'done' } }])
  }
  const failure =
    status === 'failed'
      ? { code: message.failureCode ?? 'internal', message: message.failureMessage ?? 'Not sent.' }
      : undefined
  if (!isHeld()) throw new HoldLost(delivery.id)
  await ctx.highlevel.forSubAccount(message.locationId).setMessageStatus(message.crmMessageId, status, failure)
  await inTransaction(ctx.db, async (tx) => {
    // The row is locked by this update, so a receipt that comes now either is seen here or finds the delivery finished.
    const [now] = await tx
      .update(messages)
      .set({ pushedStatus: status })
      .where(eq(messages.id, id))
      .returning({ status: messages.status })
    const moreNews = now && tellable(now.status) && isNews(status, now.status)
    await settleDeliveries(tx, owner, [
      {
        delivery,
        settlement: moreNews
          ? { outcome: 'retry', afterMs: 0, why: 'it has come further meanwhile' }
          : { outcome: 'done' },
      },
    ])
  })
}

/** A failed message that turns out to have arrived is news; anything else only counts when it is further. */
function isNews(pushed: Told | null, status: Told): boolean {
  if (pushed === null) return true
  if (pushed === 'failed') return status !== 'failed'
  return rank[status] > rank[pushed]
}
