/** One session in the hands of this worker: its line, what it hears and what it sends. */
import { createGroup } from '@/db/group-commit'
import type { SessionWanted } from '@/db/schema/sessions'
import { hearContacts } from '@/lib/bridge/contact-sync/hear-contacts'
import { hearAlias } from '@/lib/bridge/contact/hear-alias'
import type { BridgeContext } from '@/lib/bridge/context'
import { hearLabels } from '@/lib/bridge/labels/hear-labels'
import { hearInbound } from '@/lib/bridge/message/hear-inbound'
import { hearReceipts, type HeardReceipt } from '@/lib/bridge/message/hear-receipt'
import type { PartWrites } from '@/lib/bridge/message/part-writes'
import { recallPart } from '@/lib/bridge/message/recall-part'
import type { LoadedPart } from '@/lib/bridge/message/send-part'
import { giveUpSession } from '@/lib/bridge/session/give-up-session'
import { hearState } from '@/lib/bridge/session/hear-state'
import type { Channel, Line, LineEvent, LineState, OwnedSession, ReachFaultPoint } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import { LostOwnership } from '@/lib/errors'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { createBooks, type Book } from './books'
import { createOutgoing, type Allowance } from './outgoing'

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
export interface Wishes extends Allowance {
  wanted: SessionWanted
  wish: number
  isLinked: boolean
  /** The number it is to have; null: any. */
  phone: string | null
  codePhone: string | null
  codeAskedAt: Date | null
  /** Suspended for so long that it is not to be connected any more. */
  hungUpAt: Date | null
  /** What is to be read from the phone as a whole. */
  books: Book[]
}

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
  let seen: Wishes | null = null
  let line: Line | null = null
  let ready = false
  let ending: Promise<void> | null = null
  let codeAskedFor = 0
  let lineState: LineState | null = null
  let states: Promise<void> = Promise.resolve()

  const lost = () => void slot.end('lost')
  const books = createBooks({
    ...{ ctx, session, log },
    line: () => (lineState === 'connected' && !ending ? line : null),
  })
  const outgoing = createOutgoing({
    ...{ world, session, log, lost },
    line: () => (ready ? line : null),
    isOver: () => ending !== null || !session.isMine(),
    allowance: () => seen,
  })

  const ears = (mine: () => boolean) => ({
    async hear(event: LineEvent): Promise<void> {
      if (!mine()) throw new LostOwnership(session.id)
      try {
        await hearEvent(event)
      } catch (error) {
        if (error instanceof LostOwnership) lost()
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
        return books.heard(event.what)
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
    books.want(seen?.books ?? [])
  }

  /** Asks the network once for each time a person asked: a second code would replace the one on their screen. */
  function askForCode(): void {
    const asked = seen?.codeAskedAt?.getTime()
    const phone = seen?.codePhone
    if (!phone || !asked || asked === codeAskedFor || lineState !== 'awaiting_link' || !line) return
    codeAskedFor = asked
    void line
      .pairWithCode(phone)
      .then((pairing) => {
        // It may have been linked by the other code meanwhile.
        const heard = states.then(async () => {
          if (lineState === 'awaiting_link')
            await hearState(ctx, session, { type: 'state', state: 'awaiting_link', pairing })
        })
        states = heard.catch(() => {})
        return heard
      })
      .catch((error: unknown) => log.warn({ err: error }, 'no pairing code'))
  }

  function openLine(): void {
    let current = true
    // What was said of the line before does not hold for this one.
    ready = false
    lineState = null
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
      const run = outgoing.send(delivery, part).finally(() => {
        inFlight.delete(run)
        world.wake()
      })
      inFlight.set(run, delivery.lane)
    },
    label(delivery) {
      const run = outgoing.label(delivery).finally(() => {
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
            books.want(wishes.books)
          }
          return
        case 'closed':
          return void finish(async () => {})
        case 'unlinked':
        case 'removed':
          return void finish(async () => {
            let confirmed = true
            if (wishes.isLinked) {
              line ??= channel.open(
                session,
                ears(() => false),
              )
              confirmed = (await line.unlink()).confirmed
              log.info({ status: confirmed ? 'confirmed' : 'not confirmed' }, 'device unlinked')
            }
            await giveUpSession(ctx, session, { confirmed })
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
