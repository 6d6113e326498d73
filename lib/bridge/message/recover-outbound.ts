/**
 * Asks the CRM what it wanted delivered and has not told us, or not so that we could store it: the CRM gives up on its webhooks
 * after an hour. What was never seen is accepted as if it had been told; what is over a day old is failed.
 */
import { and, eq, inArray, lte, sql } from 'drizzle-orm'
import { notifyJob } from '@/db/notify'
import { messages } from '@/db/schema/messages'
import { subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { CrmError, orNull, type CrmContact, type WaitingMessage } from '@/lib/highlevel/highlevel'
import type { ContactId, LocationId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { acceptOutbound } from './accept-outbound'
import type { Failure } from './message'

const everyMinutes = 10
/** The CRM may list a message this much later than it was written. */
const overlapMs = 15 * 60_000
/**
 * The app is told of one install several times, and keeps the last of these times. What was written in between is for this
 * install: only its provider's messages wait.
 */
const installingMs = 60_000
const dayMs = 24 * 3_600_000
const farthestMs = 7 * dayMs
const atOnce = 4
/** Those left over by a CRM that takes long over each are the next round's. */
const roundMs = 5 * 60_000

const expired: Failure = {
  code: 'expired',
  message:
    'Not sent: the app learned of this message only a day after it was written. Write it again if it still holds.',
}

/** Every sub-account whose turn it is; one the CRM does not answer for has its turn again soon. */
export async function recoverOutbound(ctx: BridgeContext): Promise<void> {
  // Times are kept in whole milliseconds, rounded up as often as down.
  const due = await ctx.db
    .select({
      id: subAccounts.id,
      installedAt: subAccounts.installedAt,
      comparedAt: subAccounts.comparedAt,
    })
    .from(subAccounts)
    .where(and(eq(subAccounts.status, 'active'), lte(subAccounts.compareAt, sql`now() + interval '1 millisecond'`)))
    .orderBy(subAccounts.compareAt)
  const queue = due.values()
  const untilMs = ctx.clock.monotonicMs() + roundMs
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const one of queue) {
        if (ctx.clock.monotonicMs() > untilMs) return
        await recoverOne(ctx, one)
      }
    }),
  )
}

/** Something may have been missed there: it is looked for at once. */
export async function compareSoon(ctx: BridgeContext, ids: readonly LocationId[]): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await tx
      .update(subAccounts)
      .set({ compareAt: sql`now()` as never })
      .where(inArray(subAccounts.id, [...ids]))
    await notifyJob(tx, 'recover-outbound')
  })
}

interface Due {
  id: LocationId
  installedAt: Date
  /** Up to when everything the CRM wanted is known. */
  comparedAt: Date | null
}

async function recoverOne(ctx: BridgeContext, { id, installedAt, comparedAt }: Due): Promise<void> {
  const now = ctx.clock.now()
  const since = Math.max(
    installedAt.getTime() - installingMs,
    now.getTime() - farthestMs,
    comparedAt === null ? 0 : comparedAt.getTime() - overlapMs,
  )
  try {
    const waiting = await ctx.highlevel.forSubAccount(id).listWaiting(new Date(since))
    const contacts = new Map<ContactId, CrmContact | null>()
    for (const one of await unseen(ctx, id, waiting)) await recover(ctx, id, one, contacts)
    await nextIn(ctx, id, everyMinutes, { comparedAt: now })
  } catch (error) {
    if (!(error instanceof CrmError)) throw error
    const isAway = error.kind === 'try_later' || error.kind === 'unknown'
    await nextIn(ctx, id, isAway ? 1 : everyMinutes)
    ctx.log.info({ locationId: id, reason: error.kind }, 'what the CRM wanted delivered cannot be compared yet')
  }
}

async function nextIn(ctx: BridgeContext, id: LocationId, minutes: number, more: { comparedAt?: Date } = {}) {
  await ctx.db
    .update(subAccounts)
    .set({ ...more, compareAt: sql`now() + ${minutes}::int * interval '1 minute'` as never })
    .where(eq(subAccounts.id, id))
}

async function unseen(ctx: BridgeContext, id: LocationId, waiting: WaitingMessage[]): Promise<WaitingMessage[]> {
  if (waiting.length === 0) return []
  const seen = await ctx.db
    .select({ crmMessageId: messages.crmMessageId })
    .from(messages)
    .where(
      and(
        eq(messages.locationId, id),
        inArray(
          messages.crmMessageId,
          waiting.map((one) => one.crmMessageId),
        ),
      ),
    )
  const known = new Set(seen.map((row) => row.crmMessageId))
  return waiting.filter((one) => !known.has(one.crmMessageId))
}

async function recover(
  ctx: BridgeContext,
  locationId: LocationId,
  { at, ...message }: WaitingMessage,
  contacts: Map<ContactId, CrmContact | null>,
): Promise<void> {
  const isOld = ctx.clock.now().getTime() - at.getTime() > dayMs
  // The list does not say the number, which the webhook does. Of many messages to one contact the CRM is asked once; that one
  // is deleted since is found out where messages are routed.
  if (!isOld && !contacts.has(message.contactId)) {
    const asking = ctx.highlevel.forSubAccount(locationId).getContact(message.contactId)
    contacts.set(message.contactId, await orNull(asking))
  }
  const contact = contacts.get(message.contactId)
  const outcome = await acceptOutbound(ctx, {
    message: { ...message, locationId, phone: contact?.phone ?? null },
    signature: 'good',
    at,
    ...(isOld ? { failure: expired } : {}),
  })
  if (outcome === 'accepted')
    ctx.log.warn(
      { locationId, reason: isOld ? 'too old' : 'in time' },
      'a message the CRM did not get to tell us was found',
    )
}
