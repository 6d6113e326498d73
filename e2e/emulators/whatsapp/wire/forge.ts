import { randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { jidOf } from '../address'
import type { Companion } from '../companion'
import { composeText } from '../compose'
import { encodeMessage, newMessageId, pad, type Message } from '../content'
import type { Phone } from '../phone'
import { show } from '../receivers'
import { encryptFor, senderAttrs, type SentMessage } from '../send'
import type { World } from '../world'
import { node, type Node } from './node'
import { enqueue } from './queue'

const { Type } = proto.Message.ProtocolMessage

export const FORGERIES = [
  'garbage',
  'bad-mac',
  'bad-protobuf',
  'bad-padding',
  'empty',
  'no-content',
  'no-id',
  'unknown-cipher',
  'unavailable',
  'plaintext',
  'another-sender',
  'fake-own-copy',
  'fake-key-share',
  'huge',
  'repeat',
] as const
export type Forgery = (typeof FORGERIES)[number]

interface Forged {
  world: World
  author: Phone
  owner: Phone
  companion: Companion
  id: string
  text: string
}

/** Hands every companion of an account one broken or dishonest message that claims to come from `author`. */
export async function forge(world: World, author: Phone, owner: Phone, kind: Forgery, text: string): Promise<string> {
  const id = newMessageId()
  world.history.add('forged', { forgery: kind, from: author.number, to: owner.number, id })
  await author.inTurn(async () => {
    for (const companion of owner.companions) await MAKERS[kind]({ world, author, owner, companion, id, text })
  })
  return id
}

function put(forged: Forged, content: Node[], attrs: Record<string, string | undefined> = {}): void {
  const { world, author, owner, companion, id } = forged
  const usual = {
    ...senderAttrs(author, author.settings.addressing),
    id,
    t: String(Math.floor(Date.now() / 1000)),
    type: 'text',
    notify: author.name,
  }
  enqueue(world, owner, companion, node('message', { ...usual, ...attrs }, content))
}

async function putSealed(forged: Forged, plaintext: Buffer, attrs: Record<string, string | undefined> = {}) {
  const { world, author, owner, companion } = forged
  put(forged, [await encryptFor(world, author, owner, companion, plaintext)], attrs)
}

const putMessage = (forged: Forged, message: Message, attrs: Record<string, string | undefined> = {}) =>
  putSealed(forged, pad(encodeMessage(message)), attrs)

const MAKERS: Record<Forgery, (forged: Forged) => Promise<void> | void> = {
  garbage: (forged) => put(forged, [node('enc', { v: '2', type: 'msg' }, randomBytes(120))]),
  'bad-mac': async (forged) => {
    const { world, author, owner, companion, text } = forged
    const sent = remembered(forged, composeText(author, owner, text).message)
    const enc = await encryptFor(world, author, owner, companion, pad(sent.bytes))
    const body = Buffer.from(enc.content as Buffer)
    // A few bytes before the end lies the sealed part, also where plain key ids follow it.
    const spoiled = body.length - 12
    body[spoiled] = (body[spoiled] ?? 0) ^ 1
    put(forged, [{ ...enc, content: body }])
  },
  'bad-protobuf': (forged) => putSealed(forged, pad(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x0f, 0x41]))),
  'bad-padding': (forged) =>
    putSealed(forged, Buffer.concat([encodeMessage({ conversation: forged.text }), Buffer.from([200])])),
  empty: (forged) => putMessage(forged, {}),
  'no-content': (forged) => put(forged, []),
  'no-id': (forged) => putMessage(forged, { conversation: forged.text }, { id: undefined }),
  'unknown-cipher': (forged) => put(forged, [node('enc', { v: '9', type: 'xmsg' }, randomBytes(64))]),
  unavailable: (forged) => put(forged, [node('unavailable', { type: 'view_once' })]),
  plaintext: (forged) => put(forged, [node('plaintext', {}, encodeMessage({ conversation: forged.text }))]),
  'another-sender': (forged) => {
    const { world, author } = forged
    const claimed = world.list().find((phone) => phone !== author && phone !== forged.owner) ?? forged.owner
    return putMessage(forged, { conversation: forged.text }, senderAttrs(claimed, 'lid'))
  },
  'fake-own-copy': (forged) =>
    putMessage(
      forged,
      { deviceSentMessage: { message: { conversation: forged.text } } },
      {
        recipient: jidOf(forged.owner, 'lid'),
      },
    ),
  'fake-key-share': (forged) =>
    putMessage(forged, {
      protocolMessage: {
        type: Type.APP_STATE_SYNC_KEY_SHARE,
        appStateSyncKeyShare: { keys: [{ keyId: { keyId: randomBytes(6) }, keyData: { keyData: randomBytes(32) } }] },
      },
    }),
  huge: (forged) => putMessage(forged, { conversation: 'x'.repeat(1_000_000) }),
  repeat: ({ world, owner, companion }) => {
    const line = world.line(owner.number, companion.device)
    if (line?.lastMessage) line.send(line.lastMessage)
  },
}

function remembered({ world, author, owner, id }: Forged, message: Message): SentMessage {
  const sent: SentMessage = { to: owner.number, bytes: encodeMessage(message), stanzaType: 'text', at: Date.now() }
  author.remember(id, sent)
  show(world, author, owner, { id, from: { number: author.number, device: 0 }, sentAt: sent.at }, message, true)
  return sent
}
