/**
 * The seam to messaging networks. Each network is a folder beside this file; the middle knows only what is here.
 * Ids and addresses are opaque: only the channel that made them may look inside.
 */
import type { Address, LocationId, RemoteId, SessionId } from '@/lib/ids'
import type { ChannelKind } from './kinds'

export interface Channel {
  readonly kind: ChannelKind
  /** Builds a line without I/O. The worker calls connect() while it holds the session's lease. */
  open(session: OwnedSession, ears: Ears): Line
  /** Erases what the channel keeps only for a while. Safe at any time, in several processes. */
  sweep(): Promise<void>
}

/** A session this process holds the lease of. */
export interface OwnedSession {
  readonly id: SessionId
  readonly locationId: LocationId
  /** The lease's number; every write on the session's behalf is refused once it has moved on. */
  readonly epoch: number
  /** The number the session is linked to, E.164; a link made with another one is a mismatch. */
  readonly phone: string | null
  /** False from 20 s after the start of the last successful renewal, and then for good; ask before every frame. */
  isMine(): boolean
}

export interface Ears {
  /**
   * Resolves once the event is stored; until then the line must be able to tell it again.
   * Rejects with LostOwnership when another worker owns the session; any other rejection means: tell it again later.
   */
  hear(event: LineEvent): Promise<void>
  /** What we sent under this id, for a receiver that asks again; null when we never sent it or no longer keep it. */
  recall(id: RemoteId): Promise<Prepared | null>
}

export interface Line {
  /** Returns at once and never throws; what happens is heard as `state` events. Calling it again while open does nothing. */
  connect(): void
  /** Asks for a code to type on the phone instead of a QR, while awaiting a link. Throws SendError-free plain Errors only when not awaiting. */
  pairWithCode(phone: string): Promise<Pairing>
  /** Hangs up, keeps the credentials, waits until nothing more will be heard or written. Never throws. */
  close(): Promise<void>
  /** Logs the device out (best effort, at most 5 s) and forgets the credentials, then closes. Says whether the network confirmed. */
  unlink(): Promise<{ confirmed: boolean }>
  /** Whom a phone number reaches, with every address the network knows for them; null: not on this network. Throws SendError. */
  lookUp(phone: string): Promise<Person | null>
  /** Builds, once, the bytes to store before the first attempt. No I/O for text. */
  prepare(to: Address, content: Content): Promise<Prepared>
  /**
   * Sends prepared bytes under the given id and waits for the network to take them.
   * Throws SendError, which says if it certainly did not go. May be called again with the same id: receivers show it once.
   */
  send(to: Address, prepared: Prepared, id: RemoteId): Promise<void>
  /** Shows the contact that somebody is typing. Best effort, never throws. */
  showTyping(to: Address): Promise<void>
  /**
   * Asks the network for the whole address book, or for all labels and where they are put; what it answers is heard as events,
   * ended by `book-read`. Throws SendError when the session is not connected.
   */
  readBook(what: 'contacts' | 'labels'): Promise<void>
  /** Changes a label on the account; a change to what already is so does nothing. Throws SendError. */
  changeLabel(change: LabelChange): Promise<void>
}

/** `labelId` is chosen by the caller, and unique among those heard. */
export type LabelChange =
  | { do: 'save'; labelId: string; name: string; color: number }
  | { do: 'delete'; labelId: string }
  | { do: 'put' | 'take'; labelId: string; chat: Address }

/** Bytes of one part, opaque to all but the channel that prepared them. */
export type Prepared = Buffer & { readonly prepared?: true }

/** A person as the network knows them. */
export interface Person {
  /** The address to send to. */
  address: Address
  /** All addresses known for this person, `address` included. */
  aliases: Address[]
  /** E.164 with +, where known. */
  phone: string | null
  /** The name they chose for themselves, cleaned of control characters; null when none came. */
  name: string | null
}

/** What a part says. Only `text` can be sent today. `target` names an earlier message of the same chat. */
export type Content =
  | { kind: 'text'; text: string; quoted?: string }
  | { kind: 'location'; latitude: number; longitude: number; name?: string; address?: string }
  | { kind: 'contacts'; contacts: { name: string; phones: string[] }[] }
  | { kind: 'reaction'; emoji: string; target: RemoteId }
  | { kind: 'edit'; text: string; target: RemoteId }
  | { kind: 'deletion'; target: RemoteId }
  | { kind: 'call'; video: boolean }
  | { kind: 'poll'; question: string; options: string[] }
  | { kind: 'choice'; label: string }
  | { kind: 'group-invite'; subject: string }
  | { kind: 'media'; media: 'image' | 'video' | 'audio' | 'document' | 'sticker'; caption?: string; fileName?: string }
  | { kind: 'view-once' }
  /** Arrived, but could not be read: the reason is for the log and the placeholder. */
  | { kind: 'unreadable'; reason: string }
  | { kind: 'unsupported'; what: string }

/** A QR text or a code to type, and until when it can be used. */
export interface Pairing {
  kind: 'qr' | 'code'
  text: string
  expiresAt: Date
}

/** The account a session is linked to. */
export interface LinkedAccount {
  /** E.164 with +. */
  phone: string
  aliases: Address[]
  name: string | null
  /** `business` accounts have labels. */
  platform: 'business' | 'consumer'
}

/** The states a line can be in; with those only people and payments set they are the session's statuses. */
export type LineState =
  | 'starting'
  | 'awaiting_link'
  | 'linking'
  | 'connected'
  | 'reconnecting'
  | 'unpaired'
  | 'logged_out'
  | 'banned'
  | 'failed'

export type LineReason =
  | 'phone_unlinked'
  | 'connection_replaced'
  | 'network'
  | 'whatsapp_unavailable'
  | 'bad_credentials'
  | 'pairing_timeout'
  | 'paired_number_mismatch'
  | 'duplicate_number'
  | 'restart_required'
  | 'retries_exhausted'
  | 'client_outdated'
  | 'needs_check'
  | 'temporary_ban'
  | 'account_refused'

export type LineEvent =
  | {
      type: 'state'
      state: LineState
      reason?: LineReason
      /** With `awaiting_link`. */
      pairing?: Pairing
      /** With `connected` and with `linking` once the number is known. */
      account?: LinkedAccount
      attempt?: number
      retryAt?: Date
      /** The network's own code, for the log only. */
      code?: number
    }
  | {
      type: 'message'
      id: RemoteId
      person: Person
      /** Typed on the session's own phone (or another of its devices). */
      fromPhone: boolean
      content: Content
      at: Date
    }
  | { type: 'receipt'; ids: RemoteId[]; status: 'delivered' | 'read'; at: Date }
  /** Two addresses turned out to be one person. */
  | { type: 'alias'; person: Person }
  /** The phone's address book: entries saved, renamed or (`savedName: null`) removed. Told again after a crash, so idempotent. */
  | { type: 'contacts'; contacts: { person: Person; savedName: string | null }[] }
  /** Labels made, renamed or deleted, and put on or taken off chats. A group is no person. */
  | {
      type: 'labels'
      labels: { labelId: string; name: string; color: number; deleted: boolean }[]
      marks: { labelId: string; chat: Person | 'group'; on: boolean }[]
    }
  /** Everything there was when `readBook` was asked has been heard. */
  | { type: 'book-read'; what: 'contacts' | 'labels' }

/** Whether a message certainly did not leave. `unknown` must be sent again under the same id before anything else in its chat. */
export type Fate = 'not_sent' | 'unknown'

/** Why a part did not go. `final`: trying again cannot help; `code` is a failure code of the product. */
export class SendError extends Error {
  readonly fate: Fate
  readonly final: boolean
  readonly code: SendErrorCode

  constructor(message: string, options: { fate: Fate; final?: boolean; code?: SendErrorCode; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'SendError'
    this.fate = options.fate
    this.final = options.final ?? false
    this.code = options.code ?? 'internal'
  }
}

export type SendErrorCode =
  'not_on_whatsapp' | 'invalid_number' | 'rejected_by_whatsapp' | 'rate_capped' | 'unsupported' | 'internal'

/** Named moments at which a test may kill or freeze the process. Composed in; in production nobody listens. */
export type FaultPoint =
  'before_wa_write' | 'after_wa_write' | 'after_ack' | 'after_inbox_commit' | 'after_token_response'

export type ReachFaultPoint = (point: FaultPoint) => void | Promise<void>
