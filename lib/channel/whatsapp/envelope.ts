import { proto, unpadRandomMax16, type BinaryNode } from '@whiskeysockets/baileys'
import type { Content, LineEvent, Person } from '@/lib/channel/channel'
import { orderedId, type RemoteId } from '@/lib/ids'
import { contentOf } from './from-whatsapp'
import { parseAddress, personOf, userOf, type Directory } from './ids'

/** What a message stanza said besides its ciphertext; enough to hear the message after a restart. */
export interface Envelope {
  /** Orders the rows of a session that were stored in the same millisecond. */
  seq: string
  attrs: Readonly<Record<string, string>>
  /** There is no text: the phone keeps it (`view-once`), or we could not read it. */
  missing?: { kind: 'view-once' } | { kind: 'unreadable'; reason: string }
}

export interface Self {
  pnUser: string | null
  lidUser: string | null
}

type MessageEvent = Extract<LineEvent, { type: 'message' }>

const kept = [
  'id',
  'from',
  'participant',
  'recipient',
  't',
  'notify',
  'category',
  'sender_pn',
  'sender_lid',
  'peer_recipient_pn',
  'peer_recipient_lid',
  'recipient_pn',
  'recipient_lid',
] as const

export function envelopeOf(node: BinaryNode, missing?: Envelope['missing']): Envelope {
  const attrs: Record<string, string> = {}
  for (const name of kept) {
    const value = node.attrs[name]
    if (typeof value === 'string') attrs[name] = value.slice(0, 500)
  }
  return { seq: orderedId(), attrs, ...(missing && { missing }) }
}

/**
 * Keeps the messages of one chat in order, whichever address they came under. Both addresses of a person are lanes: that they
 * are one may turn out between two messages.
 */
export function lanesOf({ attrs }: Envelope, self: Self, directory: Directory): readonly string[] {
  const jid = isSelf(attrs.from, self) ? (attrs.recipient ?? attrs.from) : attrs.from
  return personOf([jid], null, directory)?.aliases ?? [jid ?? '']
}

export function isSelf(jid: string | undefined, self: Self): boolean {
  const address = parseAddress(jid)
  if (!address) return false
  const user = userOf(address)
  return user === (address.endsWith('@lid') ? self.lidUser : self.pnUser)
}

/** Throws where the bytes are no message. */
export function decodePlaintext(plaintext: Uint8Array): proto.IMessage {
  const message = proto.Message.decode(unpadRandomMax16(plaintext))
  return message.deviceSentMessage?.message ?? message
}

/** Keys to what the account's devices share, as its phone gives them to a device, by id. The newest comes last. */
export function sharedKeysOf(
  { attrs }: Envelope,
  plaintext: Uint8Array,
  self: Self,
): Record<string, proto.Message.IAppStateSyncKeyData> {
  if (attrs.category !== 'peer' || !isSelf(attrs.from, self)) return {}
  const { protocolMessage } = decodePlaintext(plaintext)
  if (protocolMessage?.type !== proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE) return {}
  const keys = protocolMessage.appStateSyncKeyShare?.keys ?? []
  return Object.fromEntries(
    keys.flatMap(({ keyId, keyData }) =>
      keyId?.keyId && keyData ? [[Buffer.from(keyId.keyId).toString('base64'), keyData]] : [],
    ),
  )
}

/** What a person would say was heard; nothing for stanzas of groups, for notices and for keys. */
export function eventsOf(
  envelope: Envelope,
  message: proto.IMessage | null,
  self: Self,
  directory: Directory,
): MessageEvent[] {
  const { attrs, missing } = envelope
  if (!attrs.id || !parseAddress(attrs.from)) return []
  const fromPhone = isSelf(attrs.from, self)
  if (fromPhone && !attrs.recipient) return message ? resentByPhone(message, self, directory) : []
  if (!fromPhone && attrs.recipient) return []

  const person = fromPhone
    ? personOf(
        [
          attrs.recipient,
          attrs.peer_recipient_pn,
          attrs.peer_recipient_lid,
          attrs.recipient_pn,
          attrs.recipient_lid,
        ].filter((jid) => !isSelf(jid, self)),
        null,
        directory,
      )
    : personOf([attrs.from, attrs.sender_pn, attrs.sender_lid], attrs.notify, directory)
  const content = missing ?? (message && safeContent(message))
  if (!person || !content) return []
  return [{ type: 'message', id: attrs.id as RemoteId, person, fromPhone, content, at: atSeconds(attrs.t) }]
}

/** The phone answers a request for a message we could not read with the message itself. */
function resentByPhone(message: proto.IMessage, self: Self, directory: Directory): MessageEvent[] {
  const results = message.protocolMessage?.peerDataOperationRequestResponseMessage?.peerDataOperationResult ?? []
  return results.flatMap((result): MessageEvent[] => {
    const bytes = result.placeholderMessageResendResponse?.webMessageInfoBytes
    if (!bytes) return []
    const info = decodeInfo(bytes)
    const id = info?.key?.id as RemoteId | undefined
    const jid = info?.key?.remoteJid
    const content = info?.message ? safeContent(info.message) : null
    const fromPhone = info?.key?.fromMe ?? false
    if (!info || !id || !jid || isSelf(jid, self) || !content) return []
    const person = personOf([jid], fromPhone ? null : info.pushName, directory)
    return person
      ? [{ type: 'message', id, person, fromPhone, content, at: atSeconds(String(info.messageTimestamp ?? '')) }]
      : []
  })
}

function decodeInfo(bytes: Uint8Array): proto.IWebMessageInfo | null {
  try {
    return proto.WebMessageInfo.decode(bytes)
  } catch {
    return null
  }
}

function safeContent(message: proto.IMessage): Content | null {
  try {
    return contentOf(message)
  } catch {
    return { kind: 'unreadable', reason: 'malformed' }
  }
}

/** A missed call, out of the stanza that ends it; null for calls that were answered, refused, ours or a group's. */
export function missedCallOf(
  node: BinaryNode,
  wasVideo: boolean,
  self: Self,
  directory: Directory,
): (MessageEvent & { person: Person }) | null {
  const [info] = Array.isArray(node.content) ? node.content : []
  const id = info?.attrs['call-id']
  if (info?.tag !== 'terminate' || !id || info.attrs['group-jid']) return null
  if (/elsewhere|accept|reject|busy/.test(info.attrs.reason ?? '')) return null
  const caller = info.attrs['call-creator'] ?? node.attrs.from
  if (isSelf(caller, self)) return null
  const person = personOf([caller, node.attrs.from, info.attrs.caller_pn], node.attrs.notify, directory)
  if (!person) return null
  return {
    type: 'message',
    id: id as RemoteId,
    person,
    fromPhone: false,
    content: { kind: 'call', video: wasVideo },
    at: atSeconds(node.attrs.t),
  }
}

export function atSeconds(text: string | undefined): Date {
  const seconds = Number(text)
  return Number.isFinite(seconds) && seconds > 0 && seconds < 1e11 ? new Date(seconds * 1000) : new Date()
}
