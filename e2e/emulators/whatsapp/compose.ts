import { randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { jidOf, type Person } from './address'
import type { Chats } from './chat'
import { encodeMessage, type Message } from './content'

/** A message as its author writes it, with what the stanza around it has to say. */
export interface Composed {
  message: Message
  /** Overrides the encoded message, for content no client knows. */
  bytes?: Buffer
  stanzaType?: string
  edit?: string
}

interface Author extends Person {
  chats: Chats
  settings: { addressing: 'lid' | 'pn' }
}

function keyOf(author: Author, chat: Person, id: string): proto.IMessageKey {
  const bubble = author.chats.find(chat.number, id)
  return { remoteJid: jidOf(chat, author.settings.addressing), fromMe: bubble?.direction !== 'in', id }
}

export function composeText(author: Author, chat: Person, text: string, quotedId?: string): Composed {
  if (quotedId === undefined) return { message: { conversation: text } }
  const quoted = author.chats.find(chat.number, quotedId)
  const writer = quoted?.direction === 'out' ? author : chat
  return {
    message: {
      extendedTextMessage: {
        text,
        contextInfo: {
          stanzaId: quotedId,
          participant: jidOf(writer, author.settings.addressing),
          quotedMessage: { conversation: quoted?.text ?? '' },
        },
      },
    },
  }
}

export interface Place {
  latitude: number
  longitude: number
  name?: string | undefined
  address?: string | undefined
}

export function composeLocation(place: Place): Composed {
  return {
    message: {
      locationMessage: {
        degreesLatitude: place.latitude,
        degreesLongitude: place.longitude,
        ...(place.name === undefined ? {} : { name: place.name }),
        ...(place.address === undefined ? {} : { address: place.address }),
      },
    },
    stanzaType: 'media',
  }
}

export function composeContact(card: { name: string; numbers: string[] }): Composed {
  const phones = card.numbers.map((number) => `TEL;type=CELL;waid=${number.replace(/\D/g, '')}:${number}`)
  const vcard = ['BEGIN:VCARD', 'VERSION:3.0', `N:;${card.name};;;`, `FN:${card.name}`, ...phones, 'END:VCARD'].join(
    '\n',
  )
  return { message: { contactMessage: { displayName: card.name, vcard } }, stanzaType: 'media' }
}

export function composeImage(caption: string): Composed {
  const path = `/v/t62.7118-24/${randomBytes(8).toString('hex')}`
  return {
    message: {
      imageMessage: {
        url: `https://mmg.whatsapp.net${path}`,
        directPath: path,
        mimetype: 'image/jpeg',
        caption,
        mediaKey: randomBytes(32),
        fileSha256: randomBytes(32),
        fileEncSha256: randomBytes(32),
        fileLength: 4_096,
        width: 640,
        height: 480,
      },
    },
    stanzaType: 'media',
  }
}

/** A length-delimited field far beyond those the apps define today. */
export function composeUnknown(): Composed {
  const tag = Buffer.from([0xf2, 0xe2, 0x09])
  const body = Buffer.from('from a later version')
  return { message: {}, bytes: Buffer.concat([tag, Buffer.from([body.length]), body]) }
}

export function composeReaction(author: Author, chat: Person, id: string, emoji: string): Composed {
  return {
    message: { reactionMessage: { key: keyOf(author, chat, id), text: emoji, senderTimestampMs: Date.now() } },
    stanzaType: 'reaction',
  }
}

export function composeEdit(author: Author, chat: Person, id: string, text: string): Composed {
  const { Type } = proto.Message.ProtocolMessage
  return {
    message: {
      protocolMessage: {
        key: keyOf(author, chat, id),
        type: Type.MESSAGE_EDIT,
        editedMessage: { conversation: text },
        timestampMs: Date.now(),
      },
    },
    edit: '1',
  }
}

export function composeDelete(author: Author, chat: Person, id: string): Composed {
  const { Type } = proto.Message.ProtocolMessage
  return { message: { protocolMessage: { key: keyOf(author, chat, id), type: Type.REVOKE } }, edit: '7' }
}

export function bytesOfComposed(composed: Composed): Buffer {
  return composed.bytes ?? encodeMessage(composed.message)
}
