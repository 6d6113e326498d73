import { randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { SendError, type Content, type Prepared } from '@/lib/channel/channel'

/**
 * The bytes of one message. Made once and stored, so that every attempt and every repeat a receiver asks for is the same
 * message. Text never carries a link preview: making one would fetch addresses a stranger chose.
 */
export function prepare(content: Content): Prepared {
  if (content.kind !== 'text') {
    throw new SendError(`A message of the kind "${content.kind}" cannot be sent on WhatsApp yet.`, {
      fate: 'not_sent',
      final: true,
      code: 'unsupported',
    })
  }
  const message = proto.Message.fromObject({
    extendedTextMessage: { text: content.text.toWellFormed() },
    // WhatsApp derives the token by which a receiver can report a message from this secret.
    messageContextInfo: { messageSecret: randomBytes(32) },
  })
  return Buffer.from(proto.Message.encode(message).finish()) as Prepared
}

export function unpack(prepared: Prepared): proto.IMessage {
  return proto.Message.decode(prepared)
}
