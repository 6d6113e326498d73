/**
 * The process that owns sessions: it takes leases, opens lines, follows what people want of each session, and moves deliveries.
 * It learns of work by NOTIFY and looks by itself every few seconds, because a notification can be lost.
 */
import { eq, inArray, sql } from 'drizzle-orm'
import type { Listener } from '@/db/client'
import { workChannel } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { BridgeContext } from '@/lib/bridge/context'
import { createPartWrites } from '@/lib/bridge/message/part-writes'
import { expireHeld } from '@/lib/bridge/message/expire-held'
import { loadParts, type LoadedPart } from '@/lib/bridge/message/send-part'
import { settingsOf } from '@/lib/bridge/sub-account/settings'
import { giveLeaseBack, renewLeases, takeLeases, type Taken } from '@/lib/bridge/session/hold-lease'
import { limitsOf } from '@/lib/bridge/session/limits'
import type { Channel, ReachFaultPoint } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import type { SessionId } from '@/lib/ids'
import { claimForSessions, freeLostClaims, reclaimSession } from '@/lib/outbox/claim'
import { loop } from './loop'
import { openSlot, receiptGroup, type Slot, type SlotWorld } from './slot'
import { productionTimings, type WorkerTimings } from './timings'
import { startCrmWork, statusWithinMs } from './work'

export interface WorkerOptions {
  ctx: BridgeContext
  /** Unique to this run of this process: what it claimed before a restart is not its own any more. */
  owner: string
  channels: Readonly<Record<ChannelName, Channel>>
  listener: Listener
  maxSessions?: number
  pacing?: 'on' | 'off'
  timings?: WorkerTimings
  reach?: ReachFaultPoint
  /** What the control runs of the fault tests switch off. */
  without?: { fence?: boolean }
}

/** How firmly a session is held. */
interface Grip {
  renewedAt: number
  /** For good: the line has been told so and hung up, even where a late renewal still came through. */
  isLost: boolean
}

export interface Worker {
  /** Stops claiming, finishes what is in flight, closes the lines, gives the leases back. */
  stop(): Promise<void>
}

/** A round of claims serves all that was put, and all lanes that became free, since the one before. */
const pumpGapMs = 25
/** Sessions opened in one go after a start, so that a worker with many does not storm the network. */
const openedAtOnce = 10

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { ctx, owner } = options
  const timings = options.timings ?? productionTimings
  const fenced = options.without?.fence !== true
  const slots = new Map<SessionId, Slot>()
  const grips = new Map<SessionId, Grip>()
  const stopping = new AbortController()
  const crm = startCrmWork(ctx, owner, timings)
  let isDraining = false

  const world: SlotWorld = {
    ctx,
    owner,
    writes: createPartWrites(ctx, owner),
    hearReceipt: receiptGroup(ctx),
    pacing: options.pacing ?? 'on',
    drainMs: timings.drainMs,
    reach: options.reach ?? (() => {}),
    wake: () => pump.wake(),
    ended(slot) {
      if (slots.get(slot.session.id) !== slot) return
      slots.delete(slot.session.id)
      grips.get(slot.session.id)!.isLost = true
      grips.delete(slot.session.id)
      follow.wake()
    },
  }

  function adopt(taken: Taken, startedAt: number): void {
    const { id, epoch } = taken
    const grip: Grip = { renewedAt: startedAt, isLost: false }
    grips.set(id, grip)
    const session = {
      id,
      locationId: taken.location_id,
      channel: taken.channel,
      epoch,
      phone: taken.phone,
      isMine: () => {
        if (fenced && ctx.clock.monotonicMs() - grip.renewedAt >= timings.fenceMs) grip.isLost = true
        return !grip.isLost
      },
    }
    const giveBack = () => giveLeaseBack(ctx.db, owner, { sessionId: id, epoch })
    slots.set(id, openSlot(world, options.channels[taken.channel], session, giveBack))
    ctx.log.info({ sessionId: id, epoch }, 'session taken')
  }

  /** Takes what is free, then shows each slot what people want of its session. */
  async function followOnce(): Promise<void> {
    const room = isDraining ? 0 : (options.maxSessions ?? 1_000) - slots.size
    const startedAt = ctx.clock.monotonicMs()
    const limit = Math.min(room, openedAtOnce)
    const taken = await takeLeases(ctx.db, owner, { leaseMs: timings.leaseMs, limit })
    for (const lease of taken) {
      await reclaimSession(ctx.db, lease.id, lease.epoch)
      if (isDraining) await giveLeaseBack(ctx.db, owner, { sessionId: lease.id, epoch: lease.epoch })
      else adopt(lease, startedAt)
    }
    if (taken.length === limit && limit > 0) follow.wake()
    if (slots.size === 0) return
    const rows = await ctx.db
      .select({
        id: sessions.id,
        wanted: sessions.wanted,
        wish: sessions.wish,
        isLinked: sessions.isLinked,
        phone: sessions.phone,
        codePhone: sessions.codePhone,
        codeAskedAt: sessions.codeAskedAt,
        hungUpAt: sessions.hungUpAt,
        firstLinkedAt: sessions.firstLinkedAt,
        settings: subAccounts.settings,
        books: sql<('contacts' | 'labels')[]>`array(select what from book_requests where session_id = ${sessions.id})`,
      })
      .from(sessions)
      .innerJoin(subAccounts, eq(subAccounts.id, sessions.locationId))
      .where(inArray(sessions.id, [...slots.keys()]))
    for (const { id, settings, ...wishes } of rows) {
      const { warmUp: warmsUp } = settingsOf({ settings })
      const limits = limitsOf(settings).filter((limit) => limit.holdsManual || world.pacing === 'on')
      slots.get(id)?.follow({ ...wishes, warmsUp, limits })
    }
    // Its row is gone with its sub-account: nothing is left to hold.
    const known = new Set(rows.map((row) => row.id))
    for (const slot of [...slots.values()]) if (!known.has(slot.session.id)) void slot.end('lost')
  }

  let mayHaveLost = false
  async function pumpOnce(): Promise<void> {
    if (mayHaveLost) {
      const held = [...slots.values()]
      await freeLostClaims(
        ctx.db,
        owner,
        held.map(({ session }) => ({ sessionId: session.id, epoch: session.epoch })),
        held.flatMap((slot) => slot.lanes()),
      )
    }
    const able = new Map([...slots.values()].filter((slot) => slot.room() > 0).map((slot) => [slot.session.id, slot]))
    const asked = [...able.values()].map((slot) => ({
      ...{ sessionId: slot.session.id, epoch: slot.session.epoch },
      limit: slot.room(),
    }))
    // Until each is in the hands of its slot, an error leaves it claimed and nobody knowing.
    mayHaveLost = true
    const claimed = await claimForSessions(ctx.db, owner, asked)
    const ids = claimed.flatMap(({ kind, subjectId }) => (kind === 'send' ? [subjectId] : []))
    const parts = ids.length > 0 ? await loadParts(ctx, ids) : new Map<string, LoadedPart>()
    for (const delivery of claimed) {
      // The slot that asked, even if it has ended since: another one of the session works under another lease.
      const slot = able.get(delivery.sessionId!)
      const part = parts.get(delivery.subjectId)
      if (delivery.kind === 'label') slot?.label(delivery)
      else if (part) slot?.send(delivery, part)
    }
    mayHaveLost = false
  }

  async function renewOnce(): Promise<void> {
    const held = [...slots.values()].map(({ session }) => ({ sessionId: session.id, epoch: session.epoch }))
    const startedAt = ctx.clock.monotonicMs()
    const mine = await renewLeases(ctx.db, owner, held, timings.leaseMs)
    for (const { sessionId, epoch } of held) {
      const slot = slots.get(sessionId)
      if (slot?.session.epoch !== epoch) continue
      const grip = grips.get(sessionId)!
      if (mine.has(sessionId) && !grip.isLost) grip.renewedAt = startedAt
      else if (fenced) void slot.end('lost')
    }
  }

  const { signal } = stopping
  const { pollMs } = timings
  const follow = loop(ctx, { what: 'follow sessions', everyMs: pollMs, signal }, followOnce)
  const pump = loop(ctx, { what: 'send', everyMs: pollMs, gapMs: pumpGapMs, signal }, pumpOnce)
  const holds = loop(ctx, { what: 'end what was held too long', everyMs: pollMs, signal }, async () => {
    while ((await expireHeld(ctx, timings.holdScale)) > 0 && !signal.aborted);
  })
  const renew = loop(ctx, { what: 'renew leases', everyMs: timings.renewEveryMs, signal }, renewOnce)
  // A renewal that hangs must not keep the fence from closing the sockets.
  const fence = loop(ctx, { what: 'fence', everyMs: Math.max(50, timings.fenceMs / 20), signal }, async () => {
    for (const slot of [...slots.values()]) if (fenced && !slot.session.isMine()) void slot.end('lost')
  })

  await options.listener.listen(workChannel, (payload) => {
    if (payload === 'crm') return crm.wake()
    if (payload === 'status') return crm.wake(statusWithinMs)
    pump.wake()
    if (payload === 'send') return
    if (payload === null) crm.wake()
    follow.wake()
  })

  return {
    async stop() {
      // Leases are renewed until the last slot has ended, but none is taken any more.
      isDraining = true
      const crmStopped = crm.stop(timings.drainMs)
      await Promise.all([...slots.values()].map((slot) => slot.end('give-back')))
      stopping.abort()
      await Promise.all([crmStopped, follow.over, pump.over, holds.over, renew.over, fence.over])
    },
  }
}
