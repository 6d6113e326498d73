/** What leaves on one session: each part when the session may send it, labels when the line is up. */
import type { BridgeContext } from '@/lib/bridge/context'
import { sendLabels } from '@/lib/bridge/labels/send-labels'
import type { PartWrites } from '@/lib/bridge/message/part-writes'
import { sendPart, type LoadedPart, type SendOutcome } from '@/lib/bridge/message/send-part'
import { openConversation, sentLately, warmUpWaitMs } from '@/lib/bridge/session/allowance'
import type { Limit } from '@/lib/bridge/session/limits'
import type { Line, OwnedSession, ReachFaultPoint } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import { LostOwnership } from '@/lib/errors'
import type { Log } from '@/lib/log'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import { createPace } from './pacing'
import { createQuota, type Quota } from './quota'
import { poisonCap } from './timings'

/** What a session may send. */
export interface Allowance {
  firstLinkedAt: Date | null
  /** Whether a number linked lately writes to few new contacts a day. */
  warmsUp: boolean
  /** What it may send at most. */
  limits: readonly Limit[]
}

/** Neither throws: what does not leave is handed back, given up or left to be found again. */
export interface Outgoing {
  send(delivery: ClaimedDelivery, part: LoadedPart): Promise<void>
  label(delivery: ClaimedDelivery): Promise<void>
}

export function createOutgoing(options: {
  world: { ctx: BridgeContext; owner: string; writes: PartWrites; pacing: 'on' | 'off'; reach: ReachFaultPoint }
  session: OwnedSession & { channel: ChannelName }
  log: Log
  /** Null while nothing can be sent on it. */
  line(): Line | null
  /** Null until it is known. */
  allowance(): Allowance | null
  isOver(): boolean
  /** Somebody else has the session. */
  lost(): void
}): Outgoing {
  const { world, session, log, line, allowance, isOver, lost } = options
  const { ctx } = world
  const pace = createPace()
  let quota: Promise<Quota> | null = null
  let nextSendAt = 0

  async function send(delivery: ClaimedDelivery, part: LoadedPart): Promise<void> {
    try {
      const open = line()
      // Claimed just before the line went down.
      if (!open) return await handBack(delivery, part)
      if (delivery.inDoubt && delivery.attempts > poisonCap) return await giveUpOn(delivery, part)
      const waitMs = delivery.inDoubt ? 0 : await mustWait(part)
      if (waitMs > 0) return await handBack(delivery, part, waitMs)
      if (world.pacing === 'on') await keepPace(part)
      const outcome = await sendPart(
        ctx,
        line() ?? open,
        world.writes,
        { delivery, part, epoch: session.epoch },
        world.reach,
      )
      await count(part, outcome).catch((error: unknown) =>
        log.warn({ deliveryId: delivery.id, err: error }, 'a sent part is not counted'),
      )
    } catch (error) {
      if (error instanceof LostOwnership) return lost()
      log.error({ deliveryId: delivery.id, attempt: delivery.attempts, err: error }, 'part not sent')
      await giveBackInDoubt(delivery, part)
    }
  }

  /** Labels wait for the line; what cannot be made of them now is tried again later, because all of it may be done twice. */
  async function label(delivery: ClaimedDelivery): Promise<void> {
    const settle = (settlement: Settlement) => settleDeliveries(ctx.db, world.owner, [{ delivery, settlement }])
    try {
      const open = line()
      if (!open) return await settle({ outcome: 'retry', afterMs: 1_000, why: 'handed back' })
      await sendLabels(ctx, world.owner, open, session, delivery)
    } catch (error) {
      if (error instanceof LostOwnership) return lost()
      log.error({ deliveryId: delivery.id, attempt: delivery.attempts, err: error }, 'labels not changed')
      const why = 'an unexpected error'
      await settle(
        delivery.attempts < poisonCap ? { outcome: 'retry', afterMs: 5_000, why } : { outcome: 'given_up', why },
      ).catch((failure: unknown) =>
        log.warn({ deliveryId: delivery.id, err: failure }, 'labels left to be found again'),
      )
    }
  }

  /** Something of ours went wrong, or the database went away: nobody knows how far the part came. Kept at until it is recorded. */
  async function giveBackInDoubt(delivery: ClaimedDelivery, part: LoadedPart): Promise<void> {
    for (;;) {
      await ctx.clock.sleep(1_000)
      if (isOver()) return
      try {
        if (delivery.attempts >= poisonCap) await giveUpOn(delivery, part)
        else await handBack({ ...delivery, inDoubt: true }, part)
        return
      } catch (error) {
        if (error instanceof LostOwnership) return lost()
      }
    }
  }

  /** Its chat goes on without it. */
  function giveUpOn(delivery: ClaimedDelivery, part: LoadedPart): Promise<void> {
    const hasArrived = part.state === 'delivered' || part.state === 'read'
    return world.writes.settle({
      ...{ delivery, part, epoch: session.epoch },
      settlement: { outcome: 'given_up', why: 'an unexpected error' },
      state: hasArrived ? null : 'failed',
      failure: hasArrived
        ? null
        : {
            code: 'internal',
            message: 'Not sent: something went wrong on our side. Try again; if it happens again, tell support.',
          },
    })
  }

  /** Due at once or in so many ms, and as much in doubt as it was. */
  function handBack(delivery: ClaimedDelivery, part: LoadedPart, afterMs = 0): Promise<void> {
    return world.writes.settle({
      ...{ delivery, part, epoch: session.epoch, state: null, failure: null },
      settlement: delivery.inDoubt
        ? { outcome: 'unknown', afterMs, why: 'handed back' }
        : { outcome: 'retry', afterMs, why: 'handed back', waits: true },
    })
  }

  /** How long until the session may send this, by its sub-account's caps and its number's warm-up. */
  async function mustWait(part: LoadedPart): Promise<number> {
    const allowed = allowance()
    if (!allowed) return 0
    const { limits, firstLinkedAt } = allowed
    const now = ctx.clock.now().getTime()
    // When its turn comes by the pace.
    const at = world.pacing === 'on' ? Math.max(now, nextSendAt) : now
    if (world.pacing === 'on' && opensConversation(part)) {
      const waitMs = await warmUpWaitMs(ctx, { id: session.id, firstLinkedAt }, new Date(at))
      if (waitMs > 0) return waitMs + at - now
    }
    if (limits.length === 0) {
      quota = null
      return 0
    }
    quota ??= sentLately(ctx, session.id).then(createQuota)
    const ready = await quota.catch((error: unknown) => {
      quota = null
      throw error
    })
    const waitMs = ready.waitMs(part, limits, at)
    return waitMs > 0 ? waitMs + at - now : 0
  }

  const opensConversation = (part: LoadedPart) =>
    part.last_wrote_at === null && part.opened_at === null && allowance()?.warmsUp === true

  /** From when it truly left: what was let go may leave much later, or not at all. */
  async function count(part: LoadedPart, outcome: SendOutcome): Promise<void> {
    if (outcome === 'retry' || outcome === 'moved') return
    const at = ctx.clock.now()
    ;(await quota)?.left(part.id, at.getTime())
    if (opensConversation(part))
      await openConversation(ctx, { firstLinkedAt: allowance()?.firstLinkedAt ?? null }, part.chat_id, at)
  }

  async function keepPace(part: LoadedPart): Promise<void> {
    const now = ctx.clock.now().getTime()
    const at = Math.max(now, nextSendAt)
    const wroteLately = part.last_wrote_at !== null && now - new Date(part.last_wrote_at).getTime() < 86_400_000
    nextSendAt = pace.next({ manual: part.manual, wroteLately }, at)
    if (at > now) await ctx.clock.sleep(at - now)
    await line()?.showTyping(part.address)
  }

  return { send, label }
}
