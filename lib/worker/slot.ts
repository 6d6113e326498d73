/** One session in the hands of this worker: its line, what it hears and what it sends. */
import { createGroup } from '@/db/group-commit'
import type { SessionWanted } from '@/db/schema/sessions'
import { hearContacts } from '@/lib/bridge/contact-sync/hear-contacts'
import { hearAlias } from '@/lib/bridge/contact/hear-alias'
import type { BridgeContext } from '@/lib/bridge/context'
import { hearLabels } from '@/lib/bridge/labels/hear-labels'
import { sendLabels } from '@/lib/bridge/labels/send-labels'
import { hearInbound } from '@/lib/bridge/message/hear-inbound'
import { hearReceipts, type HeardReceipt } from '@/lib/bridge/message/hear-receipt'
import type { PartWrites } from '@/lib/bridge/message/part-writes'
import { recallPart } from '@/lib/bridge/message/recall-part'
import { sendPart, type LoadedPart, type SendOutcome } from '@/lib/bridge/message/send-part'
import { backoffMs } from '@/lib/outbox/backoff'
import { giveUpSession } from '@/lib/bridge/session/give-up-session'
import { noteBookProblem, openBookRequest } from '@/lib/bridge/session/ask-for-book'
import { hearBookRead } from '@/lib/bridge/session/hear-book-read'
import { openConversation, sentLately, warmUpWaitMs } from '@/lib/bridge/session/allowance'
import { hearState } from '@/lib/bridge/session/hear-state'
import type { Limit } from '@/lib/bridge/session/limits'
import {
  SendError,
  type Channel,
  type Line,
  type LineEvent,
  type LineState,
  type OwnedSession,
  type ReachFaultPoint,
} from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import { LostOwnership } from '@/lib/errors'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import { createPace } from './pacing'
import { createQuota, type Quota } from './quota'
import { poisonCap } from './timings'

export interface SlotWorld {
  ctx: BridgeContext
  owner: string
  writes: PartWrites
  hearReceipt: (receipt: HeardReceipt) => Promise<void>
  pacing: 'on' | 'off'
  drainMs: number
  reach: ReachFaultPoint
  /** Something may be due. */
  wake(): void
  /** The slot has ended and holds nothing any more. */
  ended(slot: Slot): void
}

/** What people want of the session, as the database has it. */
export interface Wishes {
  wanted: SessionWanted
  wish: number
  isLinked: boolean
  /** The number it is to have; null: any. */
  phone: string | null
  codePhone: string | null
  codeAskedAt: Date | null
  firstLinkedAt: Date | null
  /** Whether a number linked lately writes to few new contacts a day. */
  warmsUp: boolean
  /** What it may send at most. */
  limits: readonly Limit[]
  /** Suspended for so long that it is not to be connected any more. */
  hungUpAt: Date | null
  /** What is to be read from the phone as a whole. */
  books: Book[]
}

type Book = 'contacts' | 'labels'

export interface Slot {
  readonly session: OwnedSession & { channel: ChannelName }
  /** How many more parts it would take now. */
  room(): number
  send(delivery: ClaimedDelivery, part: LoadedPart): void
  label(delivery: ClaimedDelivery): void
  /** The lanes it works now. */
  lanes(): string[]
  follow(wishes: Wishes): void
  /** Finishes what is in flight, closes the line, gives the lease back. */
  end(how: 'give-back' | 'lost'): Promise<void>
}

const sendingAtOnce = 24

/** Nobody waits for a tick; WhatsApp gets its word for each when it is stored. */
const receiptLingerMs = 100

export function receiptGroup(ctx: BridgeContext): SlotWorld['hearReceipt'] {
  return createGroup<HeardReceipt, void>(
    async (receipts) => {
      await hearReceipts(ctx, receipts)
      return receipts.map(() => undefined)
    },
    { lingerMs: receiptLingerMs },
  )
}

export function openSlot(
  world: SlotWorld,
  channel: Channel,
  session: OwnedSession & { channel: ChannelName },
  giveBack: () => Promise<void>,
): Slot {
  const { ctx } = world
  const log = ctx.log.child({ sessionId: session.id, epoch: session.epoch })
  /** With the lane of each. */
  const inFlight = new Map<Promise<void>, string>()
  const pace = createPace()
  let quota: Promise<Quota> | null = null
  let seen: Wishes | null = null
  let line: Line | null = null
  let ready = false
  let ending: Promise<void> | null = null
  let nextSendAt = 0
  const reading = new Set<Book>()
  /** For which request each book is read. */
  const requests = new Map<Book, string>()
  let codeAskedFor = 0
  let lineState: LineState | null = null
  let states: Promise<void> = Promise.resolve()

  const ears = (mine: () => boolean) => ({
    async hear(event: LineEvent): Promise<void> {
      if (!mine()) throw new LostOwnership(session.id)
      try {
        await hearEvent(event)
      } catch (error) {
        if (error instanceof LostOwnership) void slot.end('lost')
        throw error
      }
    },
    recall: (id: Parameters<typeof recallPart>[2]) => recallPart(ctx, session, id),
  })

  async function hearEvent(event: LineEvent): Promise<void> {
    switch (event.type) {
      case 'message':
        return hearInbound(ctx, session, event)
      case 'receipt':
        return world.hearReceipt({ sessionId: session.id, epoch: session.epoch, ids: event.ids, status: event.status })
      case 'labels':
        return hearLabels(ctx, session, event)
      case 'alias':
        return hearAlias(ctx, session, event.person)
      case 'contacts':
        return hearContacts(ctx, session, event.contacts)
      case 'book-read':
        return hearBookRead(ctx, session, event.what, requests.get(event.what) ?? '')
      case 'state': {
        // One after another: a later state must not be stored before an earlier one.
        const heard = states.then(() => hearLineState(event))
        states = heard.catch(() => {})
        return heard
      }
    }
  }

  async function hearLineState(event: Extract<LineEvent, { type: 'state' }>): Promise<void> {
    if (event.state !== 'connected') ready = false
    lineState = event.state
    const { state: status, reason, code } = event
    log.info({ status, ...(reason ? { reason } : {}), ...(code ? { code } : {}) }, 'line')
    const heard = await hearState(ctx, session, event)
    if (heard === 'refuse_link') {
      void finish(async () => void (await line?.unlink()))
      return
    }
    if (isOver(event.state)) void slot.end('give-back')
    if (event.state === 'awaiting_link') askForCode()
    if (event.state !== 'connected' || lineState !== 'connected' || ready) return
    ready = true
    world.wake()
    readBooks()
  }

  function readBooks(): void {
    for (const what of seen?.books ?? []) if (!reading.has(what)) void readBook(what)
  }

  /** Kept at for as long as somebody wants it: the phone may have to share a key first, or the line to come back. */
  async function readBook(what: Book): Promise<void> {
    reading.add(what)
    try {
      for (let attempt = 1; isUp() && seen?.books.includes(what); attempt++) {
        try {
          const request = await openBookRequest(ctx, session.id, what)
          if (request !== null) {
            requests.set(what, request)
            await line!.readBook(what)
          }
          // Asked for anew meanwhile, it is seen with the next look.
          seen = { ...seen, books: seen.books.filter((one) => one !== what) }
        } catch (error) {
          if (!(error instanceof SendError)) log.warn({ err: error, event: what }, 'could not read from the phone')
          else if (isUp()) await noteBookProblem(ctx, session, what, error.message)
          await ctx.clock.sleep(backoffMs(attempt, { minMs: 1_000, maxMs: 60_000 }))
        }
      }
    } catch (error) {
      log.warn({ err: error, event: what }, 'could not note why a book was not read')
    } finally {
      reading.delete(what)
    }
  }
  const isUp = () => line !== null && lineState === 'connected' && !ending

  async function sendOne(delivery: ClaimedDelivery, part: LoadedPart): Promise<void> {
    try {
      // Claimed just before the line went down.
      if (!ready || !line) return await handBack(delivery, part)
      if (delivery.inDoubt && delivery.attempts > poisonCap) return await giveUpOn(delivery, part)
      const waitMs = delivery.inDoubt ? 0 : await mustWait(part)
      if (waitMs > 0) return await handBack(delivery, part, waitMs)
      if (world.pacing === 'on') await keepPace(part)
      const outcome = await sendPart(ctx, line, world.writes, { delivery, part, epoch: session.epoch }, world.reach)
      await count(part, outcome).catch((error: unknown) =>
        log.warn({ deliveryId: delivery.id, err: error }, 'a sent part is not counted'),
      )
    } catch (error) {
      if (error instanceof LostOwnership) return void slot.end('lost')
      log.error({ deliveryId: delivery.id, attempt: delivery.attempts, err: error }, 'part not sent')
      await giveBackInDoubt(delivery, part)
    }
  }

  /** Labels wait for the line; what cannot be made of them now is tried again later, because all of it may be done twice. */
  async function labelOne(delivery: ClaimedDelivery): Promise<void> {
    const settle = (settlement: Settlement) => settleDeliveries(ctx.db, world.owner, [{ delivery, settlement }])
    try {
      if (!ready || !line) return await settle({ outcome: 'retry', afterMs: 1_000, why: 'handed back' })
      await sendLabels(ctx, world.owner, line, session, delivery)
    } catch (error) {
      if (error instanceof LostOwnership) return void slot.end('lost')
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
      if (ending || !session.isMine()) return
      try {
        if (delivery.attempts >= poisonCap) await giveUpOn(delivery, part)
        else await handBack({ ...delivery, inDoubt: true }, part)
        return
      } catch (error) {
        if (error instanceof LostOwnership) return void slot.end('lost')
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
      settlement: { outcome: delivery.inDoubt ? 'unknown' : 'retry', afterMs, why: 'handed back' },
    })
  }

  /** How long until the session may send this, by its sub-account's caps and its number's warm-up. */
  async function mustWait(part: LoadedPart): Promise<number> {
    if (!seen) return 0
    const { limits, firstLinkedAt } = seen
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
    part.last_wrote_at === null && part.opened_at === null && seen?.warmsUp === true

  /** From when it truly left: what was let go may leave much later, or not at all. */
  async function count(part: LoadedPart, outcome: SendOutcome): Promise<void> {
    if (outcome === 'retry' || outcome === 'moved') return
    const at = ctx.clock.now()
    ;(await quota)?.left(part.id, at.getTime())
    if (opensConversation(part))
      await openConversation(ctx, { firstLinkedAt: seen?.firstLinkedAt ?? null }, part.chat_id, at)
  }

  async function keepPace(part: LoadedPart): Promise<void> {
    const now = ctx.clock.now().getTime()
    const at = Math.max(now, nextSendAt)
    const wroteLately = part.last_wrote_at !== null && now - new Date(part.last_wrote_at).getTime() < 86_400_000
    nextSendAt = pace.next({ manual: part.manual, wroteLately }, at)
    if (at > now) await ctx.clock.sleep(at - now)
    await line?.showTyping(part.address)
  }

  /** Asks the network once for each time a person asked: a second code would replace the one on their screen. */
  function askForCode(): void {
    const asked = seen?.codeAskedAt?.getTime()
    const phone = seen?.codePhone
    if (!phone || !asked || asked === codeAskedFor || lineState !== 'awaiting_link' || !line) return
    codeAskedFor = asked
    void line
      .pairWithCode(phone)
      .then((pairing) => hearState(ctx, session, { type: 'state', state: 'awaiting_link', pairing }))
      .catch((error: unknown) => log.warn({ err: error }, 'no pairing code'))
  }

  function openLine(): void {
    let current = true
    const opened = channel.open(
      // Its number may have been given up since the lease was taken.
      { ...session, phone: seen?.phone ?? null },
      ears(() => current && !ending),
    )
    const old = line
    line = opened
    forget = () => {
      current = false
    }
    void (old ? old.close() : Promise.resolve()).then(() => {
      if (line === opened && !ending) opened.connect()
    })
  }
  let forget = () => {}

  function finish(before: () => Promise<void>): Promise<void> {
    if (ending) return ending
    ready = false
    ending = (async () => {
      await Promise.race([Promise.allSettled(inFlight.keys()), ctx.clock.sleep(world.drainMs)])
      await before().catch((error: unknown) => log.warn({ err: error }, 'session ended with an error'))
      await line?.close()
      forget()
      await giveBack().catch((error: unknown) => log.warn({ err: error }, 'lease not given back'))
      world.ended(slot)
    })()
    return ending
  }

  const slot: Slot = {
    session,
    room: () => (ready && !ending ? (world.pacing === 'on' ? 1 : sendingAtOnce) - inFlight.size : 0),
    send(delivery, part) {
      const run = sendOne(delivery, part).finally(() => {
        inFlight.delete(run)
        world.wake()
      })
      inFlight.set(run, delivery.lane)
    },
    label(delivery) {
      const run = labelOne(delivery).finally(() => {
        inFlight.delete(run)
        world.wake()
      })
      inFlight.set(run, delivery.lane)
    },
    lanes: () => [...inFlight.values()],
    follow(wishes) {
      if (ending) return
      const before = seen
      seen = wishes
      switch (wishes.wanted) {
        case 'connected':
          if (wishes.hungUpAt) return void finish(async () => {})
          if (!before || wishes.wish > before.wish) {
            forget()
            openLine()
          } else {
            askForCode()
            if (ready) readBooks()
          }
          return
        case 'closed':
          return void finish(async () => {})
        case 'unlinked':
        case 'removed':
          return void finish(async () => {
            if (wishes.isLinked) {
              line ??= channel.open(
                session,
                ears(() => false),
              )
              const { confirmed } = await line.unlink()
              log.info({ status: confirmed ? 'confirmed' : 'not confirmed' }, 'device unlinked')
            }
            await giveUpSession(ctx, session)
          })
      }
    },
    end(how) {
      if (how === 'lost') {
        // Another worker has the session: hang up at once, write nothing more.
        ready = false
        const hungUp = line?.close() ?? Promise.resolve()
        forget()
        ending ??= hungUp.then(() => world.ended(slot))
        return ending
      }
      return finish(async () => {})
    },
  }
  return slot
}

const isOver = (state: LineState) => ['unpaired', 'logged_out', 'banned', 'failed'].includes(state)
