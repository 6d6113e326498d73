/** Deliveries any worker may do: kind to verb, and what becomes of one that fails. */
import { eq } from 'drizzle-orm'
import { messages } from '@/db/schema/messages'
import { inTransaction, isOutage } from '@/db/transaction'
import { assignContact } from '@/lib/bridge/contact/assign'
import { completeContact } from '@/lib/bridge/contact/complete-contact'
import { pushTags } from '@/lib/bridge/contact/push-tags'
import { failContactSync } from '@/lib/bridge/contact-sync/fail'
import { pushContacts } from '@/lib/bridge/contact-sync/push-contacts'
import type { BridgeContext } from '@/lib/bridge/context'
import { failMessages } from '@/lib/bridge/message/fail-messages'
import { missingNoteDelivery, pushNote } from '@/lib/bridge/message/push-note'
import { pushInbound } from '@/lib/bridge/message/push-inbound'
import { pushReceived } from '@/lib/bridge/message/push-received'
import { createPushStatus } from '@/lib/bridge/message/push-status'
import { routeMessage } from '@/lib/bridge/message/route-message'
import { CrmError } from '@/lib/highlevel/highlevel'
import { HoldLost } from '@/lib/outbox/hold-lost'
import type { LocationId, MessageId, SessionId } from '@/lib/ids'
import { backoffMs } from '@/lib/outbox/backoff'
import {
  claimForAnyone,
  claimName,
  freeAbandonedLanes,
  giveLanesBack,
  holdLanesOn,
  type ClaimedDelivery,
} from '@/lib/outbox/claim'
import { putDeliveries } from '@/lib/outbox/put'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import { wakeLaneIfBack } from '@/lib/outbox/wake'
import { loop } from './loop'
import { poisonCap, type WorkerTimings } from './timings'

/** The share of its hold after which a worker starts no request any more; the rest is for the request to end in. */
const holdShare = 0.8
const inFlight = { total: 48, perSubAccount: 6 }
/** As `claimForAnyone` takes them at a time. */
const atOnce = 16
const lookGapMs = 15
/** Ticks may come this much later, and therefore several at once. */
export const statusWithinMs = 150

export interface CrmWork {
  /** Looks for work, at the latest after so many ms. Returns at once. */
  wake(withinMs?: number): void
  /** Stops claiming and waits for what is in flight. */
  stop(drainMs: number): Promise<void>
}

export function startCrmWork(ctx: BridgeContext, owner: string, timings: WorkerTimings): CrmWork {
  const running = new Set<Promise<void>>()
  const perSubAccount = new Map<LocationId, number>()
  const stopping = new AbortController()
  /** What is worked; `fromMs`: when it was claimed or last held on to, by the monotonic clock. */
  const held = new Map<string, { delivery: ClaimedDelivery; fromMs: number }>()

  const pushStatus = createPushStatus(ctx, owner)
  const verbs = {
    route: (delivery: ClaimedDelivery) => routeMessage(ctx, owner, delivery),
    push: (delivery: ClaimedDelivery, isHeld: () => boolean) => pushInbound(ctx, owner, delivery, isHeld),
    complete: (delivery: ClaimedDelivery, isHeld: () => boolean) => completeContact(ctx, owner, delivery, isHeld),
    received: (delivery: ClaimedDelivery, isHeld: () => boolean) => pushReceived(ctx, owner, delivery, isHeld),
    status: pushStatus,
    note: (delivery: ClaimedDelivery, isHeld: () => boolean) => pushNote(ctx, owner, delivery, isHeld),
    assign: (delivery: ClaimedDelivery) => assignContact(ctx, owner, delivery),
    contacts: (delivery: ClaimedDelivery, isHeld: () => boolean) =>
      pushContacts(ctx, owner, delivery, isHeld, { everyMs: timings.contactEveryMs }),
    tag: (delivery: ClaimedDelivery, isHeld: () => boolean) => pushTags(ctx, owner, delivery, isHeld),
  }

  async function work(delivery: ClaimedDelivery): Promise<void> {
    // A process that stood still may find that another one has its lane by now; a request leaves well before that can be.
    const isHeld = () => {
      const fromMs = held.get(claimName(delivery))?.fromMs
      return fromMs !== undefined && ctx.clock.monotonicMs() - fromMs < timings.laneHoldMs * holdShare
    }
    try {
      if (delivery.kind === 'send' || delivery.kind === 'label')
        throw new Error('a session delivery in a lane without a session')
      await verbs[delivery.kind](delivery, isHeld)
    } catch (error) {
      if (error instanceof HoldLost) throw error
      // A CRM out of reach fails with the same codes as a database out of reach, but can be recorded.
      if (!(error instanceof CrmError) && isOutage(error)) return
      const settlement =
        (await pastTheCap(ctx, delivery, error)) ??
        pastTheHorizon(ctx, delivery, error) ??
        afterFailure(timings, delivery, error)
      const log = settlement.outcome === 'given_up' ? ctx.log.error : ctx.log.debug
      log.call(
        ctx.log,
        {
          deliveryId: delivery.id,
          deliveryKind: delivery.kind,
          locationId: delivery.locationId,
          attempt: delivery.attempts,
          err: error,
        },
        settlement.outcome === 'given_up' ? 'delivery given up' : 'delivery will be tried again',
      )
      await settleFailed(ctx, owner, delivery, settlement, isKnownRefusal(error))
    }
  }

  function start(delivery: ClaimedDelivery, claimedAtMs: number): void {
    perSubAccount.set(delivery.locationId, (perSubAccount.get(delivery.locationId) ?? 0) + 1)
    held.set(claimName(delivery), { delivery, fromMs: claimedAtMs })
    const run = work(delivery)
      .catch((error: unknown) =>
        ctx.log.warn({ deliveryId: delivery.id, err: error }, 'delivery left to be found again'),
      )
      .finally(() => {
        running.delete(run)
        held.delete(claimName(delivery))
        const left = perSubAccount.get(delivery.locationId)! - 1
        if (left === 0) perSubAccount.delete(delivery.locationId)
        else perSubAccount.set(delivery.locationId, left)
        looking.wake(delivery.kind === 'status' ? statusWithinMs : 0)
      })
    running.add(run)
  }

  async function lookOnce(): Promise<void> {
    while (!stopping.signal.aborted) {
      const limit = Math.min(inFlight.total - running.size, atOnce)
      if (limit <= 0) return
      const except = [...perSubAccount].filter(([, count]) => count >= inFlight.perSubAccount).map(([id]) => id)
      const claimedAtMs = ctx.clock.monotonicMs()
      const claimed = await claimForAnyone(ctx.db, owner, { limit, holdMs: timings.laneHoldMs, except })
      for (const delivery of claimed) start(delivery, claimedAtMs)
      if (claimed.length < limit) return
    }
  }

  async function holdOn(): Promise<void> {
    if (held.size === 0) return
    const startedMs = ctx.clock.monotonicMs()
    const working = [...held.values()].map(({ delivery }) => delivery)
    const stillHeld = await holdLanesOn(ctx.db, owner, working, timings.laneHoldMs)
    for (const [claim, hold] of held) if (stillHeld.has(claim)) hold.fromMs = startedMs
  }

  const { pollMs } = timings
  const { signal } = stopping
  const looking = loop(ctx, { what: 'look for work', everyMs: pollMs, gapMs: lookGapMs, signal }, lookOnce)
  const holding = loop(ctx, { what: 'hold on to lanes', everyMs: pollMs, signal }, async () => {
    await holdOn()
    await freeAbandonedLanes(ctx.db)
  })

  return {
    wake: looking.wake,
    async stop(drainMs) {
      stopping.abort()
      await Promise.all([looking.over, holding.over])
      await Promise.race([Promise.allSettled([...running]), ctx.clock.sleep(drainMs)])
      await giveLanesBack(ctx.db, owner).catch((error: unknown) =>
        ctx.log.warn({ err: error }, 'unfinished lanes are free only when their time is over'),
      )
    },
  }
}

/** Sync runs cross slowly and in parts; they go on for as long as it takes. */
const isCapped = ({ kind }: ClaimedDelivery) => kind !== 'contacts'

/**
 * A delivery the CRM has failed often enough, while it did as asked otherwise, is given up, so that those behind it go on. It is
 * asked for something else first: where hardly anything crosses, nobody may have noticed that it fails at everything.
 */
async function pastTheCap(ctx: BridgeContext, delivery: ClaimedDelivery, error: unknown): Promise<Settlement | null> {
  if (!(error instanceof CrmError) || !error.isCounted || !isCapped(delivery)) return null
  if (delivery.failures + 1 < poisonCap) return null
  try {
    await ctx.highlevel.forSubAccount(delivery.locationId).getLocation()
  } catch (doubt) {
    if (!(doubt instanceof CrmError)) throw doubt
    return null
  }
  return { outcome: 'given_up', why: whyOf(error) }
}

const dayMs = 24 * 3_600_000

/**
 * A CRM that cannot take something is asked for a week; one that lets us act no longer is waited for a month. What only waits its
 * turn in the allowance, as a backlog does once the CRM is back, was not asked for.
 */
function pastTheHorizon(ctx: BridgeContext, delivery: ClaimedDelivery, error: unknown): Settlement | null {
  if (!(error instanceof CrmError) || !isCapped(delivery)) return null
  const isRefused = error.kind === 'unauthorised' || error.kind === 'suspended'
  if (!isRefused && error.status === undefined && error.cause === undefined) return null
  const days = isRefused ? 30 : 7
  const ageMs = ctx.clock.now().getTime() - delivery.createdAt.getTime()
  return ageMs > days * dayMs ? { outcome: 'given_up', why: whyOf(error) } : null
}

/** Refused without asking the CRM, for what we know of the sub-account. */
const isKnownRefusal = (error: unknown) =>
  error instanceof CrmError &&
  error.status === undefined &&
  (error.kind === 'unauthorised' || error.kind === 'suspended')

const whyOf = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error instanceof CrmError ? error.message : ''}` : 'unknown error'

/** What the CRM's answer means for a delivery. */
function afterFailure(
  timings: WorkerTimings,
  delivery: Pick<ClaimedDelivery, 'attempts' | 'kind'>,
  error: unknown,
): Settlement {
  const why = whyOf(error)
  if (!(error instanceof CrmError)) {
    if (delivery.attempts >= poisonCap) return { outcome: 'given_up', why }
    return { outcome: 'unknown', afterMs: backoffMs(delivery.attempts, timings.crmRetry), why }
  }
  switch (error.kind) {
    case 'refused':
      return { outcome: 'given_up', why }
    case 'unknown': {
      // What got an answer is likely to get the same again at once.
      const afterMs = error.status === undefined ? 0 : backoffMs(delivery.attempts, timings.crmRetry)
      return { outcome: 'unknown', afterMs, why, counts: error.isCounted }
    }
    case 'not_yet': {
      // Attempts that failed otherwise count too, so the last wait of a status is repeated a while before giving up. A message
      // that is not confirmed holds back what the contact is sent after it, so it is not.
      const wait = timings.notYetMs[Math.min(delivery.attempts, timings.notYetMs.length) - 1]
      const most = delivery.kind === 'route' ? timings.notYetMs.length : poisonCap
      const isOver = wait === undefined || delivery.attempts > most
      return isOver ? { outcome: 'given_up', why } : { outcome: 'retry', afterMs: wait, why }
    }
    case 'unauthorised':
    case 'suspended':
      return { outcome: 'retry', afterMs: timings.refusedAgainMs, why }
    case 'try_later': {
      const afterMs = error.retryAfterMs ?? backoffMs(delivery.attempts, timings.crmRetry)
      return { outcome: 'retry', afterMs, why, counts: error.isCounted }
    }
  }
}

/** What could not be done for good is visible: an outbound message fails, one that could not be pushed says so in our log. */
async function settleFailed(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  settlement: Settlement,
  isKnown: boolean,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    if (settlement.outcome === 'given_up' && delivery.kind === 'route') {
      const message = 'Not sent: something went wrong while the message was being routed. Write it again.'
      await failMessages(tx, [delivery.subjectId as MessageId], { code: 'internal', message })
    }
    if (settlement.outcome === 'given_up' && delivery.kind === 'contacts')
      await failContactSync(tx, delivery.subjectId as SessionId)
    if (settlement.outcome === 'given_up' && delivery.kind === 'push') {
      const [message] = await tx
        .update(messages)
        .set({ failureCode: 'internal', failureMessage: 'Not shown in the CRM: the CRM did not take this message.' })
        .where(eq(messages.id, delivery.subjectId as MessageId))
        .returning({ id: messages.id, locationId: messages.locationId, personId: messages.personId })
      if (message?.personId) await putDeliveries(tx, [missingNoteDelivery(message, message.personId)])
    }
    await settleDeliveries(tx, owner, [{ delivery, settlement }])
    // The sub-account may be back by now, and whoever woke its lanes did not see this one wait.
    if (isKnown) await wakeLaneIfBack(tx, delivery.lane)
  })
}
