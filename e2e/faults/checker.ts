/**
 * The judge. It reads what the two emulators saw and nothing else: what people wrote on one side, what people saw on the
 * other. Texts are unique, so a text is a message.
 */
import type { HistoryEvent } from '../emulators/history'
import { violationIn } from '../violations'

export interface Way {
  /** What somebody wrote and the product took on. */
  expected: number
  /** Taken on and never seen. */
  lost: string[]
  /** Seen more than once by a person. */
  duplicates: string[]
  /** Seen before something of the same chat that was written earlier. */
  reordered: string[]
  /** Seen and never written. */
  phantoms: string[]
}

export interface Verdict {
  outbound: Way & {
    /** Written, and never answered 2xx: the CRM gave up. */
    refused: string[]
    /** Of these, what nobody was shown. */
    unfound: string[]
    /** Seen by the contact, but not on the session's own phone. */
    lostCopies: string[]
    /** Reached the contact under more than one id. */
    changedIds: string[]
    /** The CRM was not told that it arrived. */
    unticked: string[]
    /** A status went back. */
    fallen: string[]
  }
  inbound: Way
  /** Messages sent again under the same id. */
  resends: number
  /** Repeats a phone did not show. */
  hidden: number
  /** How often the product asked a sender for a message again. */
  retryReceipts: number
  /** Stanzas handed over as a backlog. */
  offline: number
  violations: string[]
}

const field = (event: HistoryEvent, name: string) => String(event[name] ?? '')
const rank: Record<string, number> = { pending: 0, sent: 1, delivered: 2, failed: 2, read: 3 }

export function judge(histories: { whatsapp: readonly HistoryEvent[]; crm: readonly HistoryEvent[] }): Verdict {
  const outbound = track()
  const inbound = track()
  const taken = new Set<string>()
  const textOf = new Map<string, string>()
  const statuses = new Map<string, string[]>()
  const copies = new Set<string>()
  const ids = new Map<string, Set<string>>()
  const sent = new Set<string>()
  const violations = [...histories.crm, ...histories.whatsapp].flatMap((event) => violationIn(event) ?? [])
  let [resends, hidden, retryReceipts, offline] = [0, 0, 0, 0]

  for (const event of histories.crm) {
    const messageId = field(event, 'messageId')
    switch (event.kind) {
      case 'composer-message':
        textOf.set(messageId, field(event, 'text'))
        outbound.written(digits(event.phone), field(event, 'text'))
        break
      case 'webhook':
        if (event.destination === 'delivery' && Number(event.status) >= 200 && Number(event.status) < 300)
          taken.add(textOf.get(messageId) ?? messageId)
        break
      case 'message-posted':
        if (event.direction === 'inbound') inbound.seen(digits(event.phone), field(event, 'text'))
        break
      case 'status':
        statuses.set(messageId, [...(statuses.get(messageId) ?? []), field(event, 'status')])
    }
  }

  for (const event of histories.whatsapp) {
    const [text, id] = [field(event, 'text'), field(event, 'id')]
    switch (event.kind) {
      case 'sent-by-person':
        inbound.written(field(event, 'from'), text)
        break
      case 'shown':
        if (event.direction === 'in' && !event.filled && isProducts(event)) outbound.seen(field(event, 'phone'), text)
        if (event.direction === 'in' && event.filled) outbound.seen(field(event, 'phone'), text)
        if (event.direction === 'out' && Number(event.device) > 0) copies.add(text)
        break
      case 'decrypted':
        if (!event.isOwnCopy) ids.set(text, (ids.get(text) ?? new Set()).add(id))
        break
      case 'message-from-companion':
        if (sent.has(id) && event.retry === undefined) resends += 1
        sent.add(id)
        break
      case 'repeat-hidden':
        hidden += 1
        break
      case 'receipt-from-companion':
        if (event.type === 'retry') retryReceipts += 1
        break
      case 'delivered-to-companion':
        if (event.isOffline && event.stanza === 'message') offline += 1
    }
  }

  const way = outbound.judge((text) => taken.has(text))
  const isSeen = new Set(way.expectedTexts.filter((text) => !way.lost.includes(text)))
  const byText = new Map([...textOf].map(([messageId, text]) => [text, statuses.get(messageId) ?? []]))
  const last = (text: string) => byText.get(text)?.at(-1) ?? 'pending'
  const { expectedTexts: _, ...judged } = way
  const { expectedTexts: __, ...judgedIn } = inbound.judge(() => true)
  return {
    outbound: {
      ...judged,
      refused: [...textOf.values()].filter((text) => !taken.has(text)),
      unfound: outbound.judge((text) => !taken.has(text)).lost,
      lostCopies: [...isSeen].filter((text) => !copies.has(text)),
      changedIds: [...ids].filter(([, used]) => used.size > 1).map(([text]) => text),
      unticked: [...isSeen].filter((text) => last(text) !== 'delivered' && last(text) !== 'read'),
      fallen: [...byText].filter(([, told]) => falls(told)).map(([text]) => text),
    },
    inbound: judgedIn,
    ...{ resends, hidden, retryReceipts, offline, violations },
  }
}

/** The phones of two people write to each other too; only what came from a linked device is the product's. */
const isProducts = (event: HistoryEvent) => Number(event.device) > 0

const digits = (phone: unknown) => String(phone ?? '').replace(/\D/g, '')

const falls = (told: string[]) =>
  told.some((status, index) => index > 0 && (rank[status] ?? 0) < (rank[told[index - 1]!] ?? 0))

/** One way of crossing: what was written, chat by chat, against what was seen. */
function track() {
  const chatOf = new Map<string, string>()
  const order = new Map<string, string[]>()
  const seen = new Map<string, string[]>()
  const push = (into: Map<string, string[]>, chat: string, text: string) => {
    const list = into.get(chat)
    if (list) list.push(text)
    else into.set(chat, [text])
  }
  return {
    written(chat: string, text: string) {
      chatOf.set(text, chat)
      push(order, chat, text)
    },
    seen: (chat: string, text: string) => push(seen, chat, text),
    judge(isTaken: (text: string) => boolean): Way & { expectedTexts: string[] } {
      const expectedTexts = [...chatOf.keys()].filter(isTaken)
      const times = new Map<string, number>()
      const reordered: string[] = []
      const phantoms: string[] = []
      for (const [chat, texts] of seen) {
        const place = new Map((order.get(chat) ?? []).map((text, index) => [text, index]))
        let furthest = -1
        for (const text of texts) {
          const at = place.get(text)
          if (at === undefined) {
            phantoms.push(text)
            continue
          }
          const before = times.get(text) ?? 0
          times.set(text, before + 1)
          // A repeat is a duplicate, not also an inversion.
          if (before > 0) continue
          // What the CRM gave up telling is found later, when what was written after it may have left.
          if (!isTaken(text)) continue
          if (at < furthest) reordered.push(text)
          furthest = Math.max(furthest, at)
        }
      }
      return {
        expected: expectedTexts.length,
        expectedTexts,
        lost: expectedTexts.filter((text) => !times.has(text)),
        duplicates: [...times].filter(([, count]) => count > 1).map(([text]) => text),
        reordered,
        phantoms,
      }
    },
  }
}

/** What has not crossed yet; a run is over when nothing is left of it. */
export const outstanding = ({ outbound, inbound }: Verdict) =>
  outbound.lost.length + outbound.unticked.length + outbound.unfound.length + inbound.lost.length

export const clean: Pick<Way, 'lost' | 'duplicates' | 'reordered' | 'phantoms'> = {
  lost: [],
  duplicates: [],
  reordered: [],
  phantoms: [],
}

/** One line per way, for people. */
export function describeVerdict(verdict: Verdict): string {
  const { outbound, inbound } = verdict
  const base = (way: Way) =>
    `${way.expected} taken, ${way.lost.length} lost, ${way.duplicates.length} duplicates, ${way.reordered.length} reordered, ${way.phantoms.length} phantoms`
  const examples = (name: string, texts: string[]) =>
    texts.length === 0 ? '' : `\n    ${name}: ${texts.slice(0, 8).join(', ')}`
  return [
    `out: ${base(outbound)}; ${verdict.resends} sent again under the same id, ${verdict.hidden} repeats hidden, ${outbound.changedIds.length} with a changed id, ${outbound.lostCopies.length} missing on the own phone, ${outbound.unticked.length} without a tick, ${outbound.refused.length} never taken`,
    `in:  ${base(inbound)}; ${verdict.offline} from a backlog, ${verdict.retryReceipts} asked for again`,
    ...Object.entries({ ...outbound }).map(([name, value]) =>
      Array.isArray(value) ? examples(`out ${name}`, value) : '',
    ),
    ...Object.entries({ ...inbound }).map(([name, value]) =>
      Array.isArray(value) ? examples(`in ${name}`, value) : '',
    ),
    ...verdict.violations.slice(0, 5).map((text) => `\n    violation: ${text}`),
  ]
    .filter(Boolean)
    .join('\n  ')
}
