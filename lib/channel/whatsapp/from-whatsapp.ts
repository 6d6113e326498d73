import { proto } from '@whiskeysockets/baileys'
import type { Content } from '@/lib/channel/channel'
import type { RemoteId } from '@/lib/ids'
import { cleanBody, cleanName, clip, digitsOf } from './ids'

type Message = proto.IMessage
const ProtocolType = proto.Message.ProtocolMessage.Type

/** What a message says in the words of the middle; null where it says nothing to a person (keys, notices, pins). */
export function contentOf(message: Message): Content | null {
  const { inner, isViewOnce } = unwrap(message)
  const protocol = inner.protocolMessage
  if (protocol) return protocolContent(protocol)
  const media = mediaContent(inner)
  if (media) return isViewOnce || media.isViewOnce ? { kind: 'view-once' } : media.content
  if (isViewOnce) return { kind: 'view-once' }

  const text = textOf(inner)
  if (text !== null) {
    const quoted = quotedText(inner)
    return { kind: 'text', text, ...(quoted && { quoted }) }
  }
  if (inner.reactionMessage) {
    const { key, text: emoji } = inner.reactionMessage
    if (!key?.id) return null
    return { kind: 'reaction', emoji: cleanName(emoji, 32) ?? '', target: key.id as RemoteId }
  }
  const location = inner.locationMessage ?? inner.liveLocationMessage
  if (location) return locationContent(location)
  const cards = inner.contactsArrayMessage?.contacts ?? (inner.contactMessage ? [inner.contactMessage] : null)
  if (cards) return { kind: 'contacts', contacts: cards.slice(0, 50).map(contactOf) }
  const poll =
    inner.pollCreationMessage ??
    inner.pollCreationMessageV2 ??
    inner.pollCreationMessageV3 ??
    unwrap(inner.pollCreationMessageV4?.message ?? {}).inner.pollCreationMessage ??
    inner.pollCreationMessageV5
  if (poll) {
    const options = (poll.options ?? []).map((option) => cleanBody(option.optionName ?? '', 255))
    return { kind: 'poll', question: cleanBody(poll.name ?? '', 1024), options }
  }
  const choice = choiceOf(inner)
  if (choice) return { kind: 'choice', label: cleanBody(choice, 1024) }
  if (inner.groupInviteMessage) {
    return { kind: 'group-invite', subject: cleanName(inner.groupInviteMessage.groupName, 100) ?? '' }
  }
  const call = inner.callLogMesssage
  if (call) return call.callOutcome === missedCall ? { kind: 'call', video: call.isVideo ?? false } : null

  const fields = Object.keys(inner).filter((field) => field !== 'messageContextInfo' && isSet(inner, field))
  if (fields.length === 0) return { kind: 'unsupported', what: 'unknown' }
  const what = fields.find((field) => !silent.has(field))
  return what ? { kind: 'unsupported', what } : null
}

const missedCall = proto.Message.CallLogMessage.CallOutcome.MISSED

/** Fields that carry no message of their own. A kind made after this library leaves no field behind at all. */
const silent = new Set([
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'pinInChatMessage',
  'keepInChatMessage',
  'call',
  'placeholderMessage',
  'messageHistoryNotice',
  'messageHistoryBundle',
])

const isSet = (message: Message, field: string): boolean => {
  const value: unknown = message[field as keyof Message]
  return value !== null && value !== undefined
}

/** Takes off what is only packing, at most ten layers: a message can be built to nest without end. */
function unwrap(message: Message): { inner: Message; isViewOnce: boolean } {
  let inner = message
  let isViewOnce = false
  for (let depth = 0; depth < 10; depth++) {
    const once = inner.viewOnceMessage ?? inner.viewOnceMessageV2 ?? inner.viewOnceMessageV2Extension
    const next =
      once?.message ??
      inner.deviceSentMessage?.message ??
      inner.ephemeralMessage?.message ??
      inner.documentWithCaptionMessage?.message ??
      inner.editedMessage?.message ??
      inner.associatedChildMessage?.message ??
      inner.botInvokeMessage?.message ??
      inner.lottieStickerMessage?.message
    if (!next) break
    isViewOnce ||= Boolean(once)
    inner = next
  }
  return { inner, isViewOnce }
}

function protocolContent(protocol: proto.Message.IProtocolMessage): Content | null {
  const { key } = protocol
  const target = key?.id as RemoteId | undefined
  // Only the author of a message may change it; in a chat of two that is whoever sends the change.
  if (!key || !target || (Object.hasOwn(key, 'fromMe') && key.fromMe === false)) return null
  if (protocol.type === ProtocolType.REVOKE) return { kind: 'deletion', target }
  if (protocol.type === ProtocolType.MESSAGE_EDIT && protocol.editedMessage) {
    const { inner } = unwrap(protocol.editedMessage)
    const text = textOf(inner) ?? captionOf(inner)
    return text === null ? null : { kind: 'edit', text, target }
  }
  return null
}

function textOf(message: Message): string | null {
  const text =
    message.conversation ||
    message.extendedTextMessage?.text ||
    message.buttonsMessage?.contentText ||
    message.listMessage?.description ||
    message.listMessage?.title ||
    message.templateMessage?.hydratedTemplate?.hydratedContentText ||
    message.templateMessage?.hydratedFourRowTemplate?.hydratedContentText ||
    message.interactiveMessage?.body?.text ||
    message.highlyStructuredMessage?.hydratedHsm?.hydratedTemplate?.hydratedContentText
  return text ? cleanBody(text) : null
}

type MediaContent = Extract<Content, { kind: 'media' }>

function mediaContent(message: Message): { content: MediaContent; isViewOnce: boolean } | null {
  const video = message.videoMessage ?? message.ptvMessage
  const found: { media: MediaContent['media']; viewOnce?: boolean | null } | null = message.imageMessage
    ? { media: 'image', viewOnce: message.imageMessage.viewOnce }
    : video
      ? { media: 'video', viewOnce: video.viewOnce }
      : message.audioMessage
        ? { media: 'audio', viewOnce: message.audioMessage.viewOnce }
        : message.documentMessage
          ? { media: 'document' }
          : message.stickerMessage
            ? { media: 'sticker' }
            : null
  if (!found) return null
  const caption = captionOf(message)
  const fileName = cleanName(message.documentMessage?.fileName ?? message.documentMessage?.title, 120)
  return {
    content: { kind: 'media', media: found.media, ...(caption && { caption }), ...(fileName && { fileName }) },
    isViewOnce: found.viewOnce ?? false,
  }
}

function captionOf(message: Message): string | null {
  const caption =
    message.imageMessage?.caption ||
    message.videoMessage?.caption ||
    message.ptvMessage?.caption ||
    message.documentMessage?.caption
  return caption ? cleanBody(caption) : null
}

function locationContent(location: proto.Message.ILocationMessage): Content {
  const name = cleanName(location.name, 200)
  const address = cleanName(location.address, 500)
  return {
    kind: 'location',
    latitude: Number(location.degreesLatitude ?? 0),
    longitude: Number(location.degreesLongitude ?? 0),
    ...(name && { name }),
    ...(address && { address }),
  }
}

/** A vCard's name and numbers; WhatsApp writes the number it knows into the `waid` parameter. */
function contactOf(card: proto.Message.IContactMessage): { name: string; phones: string[] } {
  const lines = (card.vcard ?? '').slice(0, 20_000).split(/\r?\n/)
  const phones: string[] = []
  for (const line of lines) {
    if (!/^(?:item\d+\.)?TEL[;:]/i.test(line)) continue
    const waid = /waid=(\d{5,20})/i.exec(line)?.[1]
    const phone = waid ? `+${waid}` : cleanName(line.slice(line.lastIndexOf(':') + 1), 32)
    if (phone && !phones.some((known) => digitsOf(known) === digitsOf(phone))) phones.push(phone)
  }
  const named = lines.find((line) => /^FN[;:]/i.test(line))
  const name = cleanName(card.displayName ?? named?.slice(named.indexOf(':') + 1), 100)
  return { name: name ?? '', phones: phones.slice(0, 20) }
}

function choiceOf(message: Message): string | null {
  return (
    message.buttonsResponseMessage?.selectedDisplayText ||
    message.listResponseMessage?.title ||
    message.templateButtonReplyMessage?.selectedDisplayText ||
    message.interactiveResponseMessage?.body?.text ||
    null
  )
}

function quotedText(message: Message): string | null {
  const quoted = message.extendedTextMessage?.contextInfo?.quotedMessage
  if (!quoted) return null
  const { inner } = unwrap(quoted)
  const text = textOf(inner) ?? captionOf(inner) ?? choiceOf(inner)
  return text ? clip(text, 1024) : null
}
