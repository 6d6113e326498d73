import type { proto } from '@whiskeysockets/baileys'
import type { Envelope } from './envelope'
import { sha256Hex } from './ids'

export interface InboxRow {
  id: string
  envelope: Envelope
  plaintext: Buffer | null
  message: proto.IMessage | null
}

interface Failed {
  row: InboxRow
  failures: number
  isGivenUp: boolean
  timer: NodeJS.Timeout | null
}

/**
 * Messages we could not read. Baileys asks their senders again, so often; only when that has led nowhere, or taken too long, is
 * a placeholder heard in place of one: its notice.
 */
export interface Unreadable {
  /** The row that stands for a message that failed; null where it has no id to be asked for by. */
  noticeOf(envelope: Envelope, reason: string): InboxRow | null
  /** Counts one more failure of a message that failed before; false: it had not. */
  failsAgain(notice: InboxRow): boolean
  /** Gives up once this notice is so old. Seen before, it goes on as it was. */
  watch(notice: InboxRow, ageMs?: number): void
  /** What was known of a message that can be read now; it is not given up any more. */
  readAfterAll(messageId: string): 'fine' | 'failed' | 'given up'
  /** Answers the id of its notice. */
  forget(messageId: string): string
  close(): void
}

export function createUnreadable(options: {
  unreadableAfterMs: number
  maxRetries: number
  /** Whether the product knows the row with this id. */
  wasHeard(rowId: string): boolean
  giveUp(notice: InboxRow): void
}): Unreadable {
  const all = new Map<string, Failed>()
  let isClosed = false

  function stopWaiting(entry: Failed | undefined): void {
    if (entry?.timer) clearTimeout(entry.timer)
    if (entry) entry.timer = null
  }

  function giveUp(entry: Failed): void {
    stopWaiting(entry)
    entry.isGivenUp = true
    options.giveUp(entry.row)
  }

  return {
    noticeOf(envelope, reason) {
      const messageId = envelope.attrs.id
      if (!messageId) return null
      const missing = { kind: 'unreadable', reason } as const
      return { id: noticeIdOf(messageId), envelope: { ...envelope, missing }, plaintext: null, message: null }
    },

    failsAgain({ id, envelope }) {
      const known = all.get(envelope.attrs.id ?? '')
      if (!known) return options.wasHeard(id)
      known.failures += 1
      if (known.failures > options.maxRetries && !known.isGivenUp) giveUp(known)
      return true
    },

    watch(row, ageMs = 0) {
      const messageId = row.envelope.attrs.id ?? ''
      if (all.has(messageId)) return
      const entry: Failed = { row, failures: 1, isGivenUp: false, timer: null }
      all.set(messageId, entry)
      if (!isClosed) entry.timer = setTimeout(() => giveUp(entry), Math.max(0, options.unreadableAfterMs - ageMs))
    },

    readAfterAll(messageId) {
      const known = all.get(messageId)
      stopWaiting(known)
      if (known?.isGivenUp || options.wasHeard(noticeIdOf(messageId))) return 'given up'
      return known ? 'failed' : 'fine'
    },

    forget(messageId) {
      stopWaiting(all.get(messageId))
      all.delete(messageId)
      return noticeIdOf(messageId)
    },

    close() {
      isClosed = true
      for (const entry of all.values()) stopWaiting(entry)
    },
  }
}

const noticeIdOf = (messageId: string) => `unreadable-${sha256Hex(messageId).slice(0, 40)}`
