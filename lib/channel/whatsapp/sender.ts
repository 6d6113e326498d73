import type { BinaryNode } from '@whiskeysockets/baileys'
import { SendError, type Prepared, type ReachFaultPoint } from '@/lib/channel/channel'
import type { Clock } from '@/lib/clock'
import type { Address, RemoteId } from '@/lib/ids'
import type { AuthStore, DataSet } from './auth-store'
import { formatLid, isLid, parseAddress, userOf } from './ids'
import { ConnectionEnded, type Connection } from './socket'
import { unpack } from './to-whatsapp'

/** The sending half of a line: one frame at a time, and the network's word for each message. */
export interface Sender {
  send(to: Address, prepared: Prepared, id: RemoteId): Promise<void>
  /** Whether this line sent it, as far as it remembers. */
  hasSent(id: RemoteId): boolean
  sawAck(node: BinaryNode): void
  /** Called by the gate for every frame that leaves. */
  wrote(): void
  beforeRead(type: string): Promise<void> | undefined
  beforeWrite(data: DataSet): Promise<void> | undefined
}

export interface SenderOptions {
  /** The open connection and its store, or null. */
  link(): { connection: Connection; store: AuthStore } | null
  isMine(): boolean
  clock: Clock
  ackWaitMs: number
  reach: ReachFaultPoint
  /** An answer did not come: the connection is not to be trusted. */
  renew(): void
}

interface Flight {
  to: Address
  /** `writing`: the message's own frame is the next that Baileys builds. */
  phase: 'preparing' | 'writing'
  mayHaveLeft: boolean
}

type Answer = { error: string | null }

export function createSender(options: SenderOptions): Sender {
  const answers = new Map<string, (answer: Answer) => void>()
  const sent = new Set<string>()
  let flight: Flight | null = null
  let turn: Promise<void> = Promise.resolve()

  /** One message at a time between here and the wire; waiting for the network's answer is not part of the turn. */
  async function takeTurn(): Promise<() => void> {
    const before = turn
    let leave!: () => void
    turn = new Promise((resolve) => (leave = resolve))
    await before
    return leave
  }

  async function relay(to: Address, prepared: Prepared, id: RemoteId): Promise<Connection> {
    const leave = await takeTurn()
    const link = options.link()
    try {
      if (!options.isMine() || !link) throw notSent('The WhatsApp session is not connected.')
      const current: Flight = { to, phase: 'preparing', mayHaveLeft: false }
      flight = current
      try {
        // The promise also covers the commit of the keys used, so a later message never reuses a counter.
        const relaying = link.connection.sock.relayMessage(to, unpack(prepared), { messageId: id })
        await link.connection.during(relaying)
        return link.connection
      } catch (cause) {
        if (current.mayHaveLeft) throw unknown('The connection to WhatsApp ended while the message was leaving.', cause)
        throw notSent('WhatsApp could not be asked to take the message.', cause)
      }
    } finally {
      flight = null
      leave()
    }
  }

  async function answered(connection: Connection, answer: Promise<Answer>): Promise<void> {
    const limit = new AbortController()
    const outcome = await Promise.race([
      connection.during(answer).catch((error: unknown) => {
        if (error instanceof ConnectionEnded) return 'ended' as const
        throw error
      }),
      options.clock.sleep(options.ackWaitMs, limit.signal).then(() => 'late' as const),
    ])
    limit.abort(null)
    if (outcome === 'ended') throw unknown('The connection to WhatsApp ended before it confirmed the message.')
    if (outcome === 'late') {
      options.renew()
      throw unknown('WhatsApp did not confirm the message in time.')
    }
    if (outcome.error !== null) throw refused(outcome.error)
    await options.reach('after_ack')
  }

  return {
    async send(to, prepared, id) {
      const address = parseAddress(to)
      if (!address) throw notSent('This is no WhatsApp address.', undefined, { final: true, code: 'invalid_number' })
      sent.add(id)
      if (sent.size > 5000) sent.delete(sent.values().next().value!)
      const answer = new Promise<Answer>((resolve) => answers.set(id, resolve))
      try {
        const connection = await relay(address, prepared, id)
        await answered(connection, answer)
      } finally {
        answers.delete(id)
      }
    },

    hasSent: (id) => sent.has(id),

    sawAck({ attrs }) {
      if (attrs.id) answers.get(attrs.id)?.({ error: attrs.error ?? null })
    },

    wrote() {
      if (flight?.phase === 'writing') flight.mayHaveLeft = true
    },

    /** The privacy token is the last thing Baileys looks up before it writes a message to one person. */
    beforeRead(type) {
      const current = flight
      if (type !== 'tctoken' || current?.phase !== 'preparing') return undefined
      current.phase = 'writing'
      return Promise.resolve(options.reach('before_wa_write'))
    },

    beforeWrite(data) {
      const current = flight
      if (current?.phase !== 'writing' || !data.session) return undefined
      return noteToken(data, current.to).then(() => options.reach('after_wa_write'))
    },
  }

  /**
   * Baileys 7.0.0-rc14 saves "I gave this contact my token" into a transaction that is over, so it would ask WhatsApp
   * to give it again with every message. Noted here, in the commit of the message's own keys; the term is a week, as there.
   */
  async function noteToken(data: DataSet, to: Address): Promise<void> {
    const store = options.link()?.store
    if (!store) return
    const lid = isLid(to) ? userOf(to) : store.directory.lidOf(userOf(to))
    const jid = lid ? formatLid(lid) : to
    const { [jid]: entry } = await store.keys.get('tctoken', [jid])
    const now = Math.floor(options.clock.now().getTime() / 1000)
    const week = (seconds: number) => Math.floor(seconds / 604_800)
    if (entry?.senderTimestamp !== undefined && week(entry.senderTimestamp) >= week(now)) return
    data.tctoken = {
      ...data.tctoken,
      [jid]: { ...entry, token: entry?.token ?? Buffer.alloc(0), senderTimestamp: now },
    }
  }
}

const unknown = (message: string, cause?: unknown) => new SendError(message, { fate: 'unknown', cause })

const notSent = (message: string, cause?: unknown, more: { final?: boolean; code?: SendError['code'] } = {}) =>
  new SendError(message, { fate: 'not_sent', cause, ...more })

/** WhatsApp answered that it does not take the message; asking again would make it worse or change nothing. */
function refused(error: string): SendError {
  if (error === '463') {
    return notSent('WhatsApp does not let this number start new chats for now.', undefined, {
      final: true,
      code: 'rate_capped',
    })
  }
  return notSent(`WhatsApp refused the message (${error.slice(0, 8)}).`, undefined, {
    final: true,
    code: 'rejected_by_whatsapp',
  })
}
