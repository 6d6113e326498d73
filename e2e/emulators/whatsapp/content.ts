import { randomBytes, randomInt } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'

export type Message = proto.IMessage

/** Padding as the apps do it: 1 to 16 bytes, each equal to their count. */
export function pad(bytes: Uint8Array): Buffer {
  const count = randomInt(1, 17)
  return Buffer.concat([bytes, Buffer.alloc(count, count)])
}

export function unpad(bytes: Buffer): Buffer {
  const count = bytes.at(-1) ?? 0
  if (count < 1 || count > 16 || count > bytes.length) throw new Error('The padding of the message is broken')
  return bytes.subarray(0, bytes.length - count)
}

export function encodeMessage(message: Message): Buffer {
  return Buffer.from(proto.Message.encode(message).finish())
}

/** An id as an iPhone makes them. */
export function newMessageId(): string {
  return `3A${randomBytes(9).toString('hex').toUpperCase()}`
}

/** What a message is and says, as a bubble shows it. */
export function readContent(message: Message): { kind: string; text: string } {
  const inner =
    message.ephemeralMessage?.message ??
    message.viewOnceMessage?.message ??
    message.viewOnceMessageV2?.message ??
    message.documentWithCaptionMessage?.message
  if (inner) return readContent(inner)
  if (message.conversation) return { kind: 'text', text: message.conversation }
  if (message.extendedTextMessage) return { kind: 'text', text: message.extendedTextMessage.text ?? '' }
  if (message.imageMessage) return { kind: 'image', text: message.imageMessage.caption ?? '' }
  if (message.videoMessage) return { kind: 'video', text: message.videoMessage.caption ?? '' }
  if (message.audioMessage) return { kind: message.audioMessage.ptt ? 'voice' : 'audio', text: '' }
  if (message.documentMessage) {
    return { kind: 'document', text: message.documentMessage.caption ?? message.documentMessage.fileName ?? '' }
  }
  if (message.stickerMessage) return { kind: 'sticker', text: '' }
  if (message.locationMessage) {
    const { name, degreesLatitude, degreesLongitude } = message.locationMessage
    return { kind: 'location', text: [name, `${degreesLatitude}, ${degreesLongitude}`].filter(Boolean).join(' · ') }
  }
  if (message.contactMessage) return { kind: 'contact', text: message.contactMessage.displayName ?? '' }
  if (message.contactsArrayMessage) return { kind: 'contact', text: message.contactsArrayMessage.displayName ?? '' }
  if (message.reactionMessage) return { kind: 'reaction', text: message.reactionMessage.text ?? '' }
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV3
  if (poll) return { kind: 'poll', text: poll.name ?? '' }
  const change = message.protocolMessage
  if (change?.type === proto.Message.ProtocolMessage.Type.REVOKE) return { kind: 'delete', text: '' }
  if (change?.editedMessage) return { kind: 'edit', text: readContent(change.editedMessage).text }
  if (change) return { kind: 'protocol', text: '' }
  return { kind: 'unknown', text: '' }
}

export function quotedIdOf(message: Message): string | undefined {
  return message.extendedTextMessage?.contextInfo?.stanzaId ?? undefined
}
