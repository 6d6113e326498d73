import { randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { jidOf } from './address'
import { takeCompanionBundle, type Companion } from './companion'
import { bytesOfComposed, type Composed } from './compose'
import { newMessageId, pad, readContent } from './content'
import type { Phone } from './phone'
import { hear, show } from './receivers'
import type { World } from './world'
import { node, type Node } from './wire/node'
import { warnWhenKeysRunLow } from './wire/keys'
import { enqueue } from './wire/queue'

/** What a phone keeps of a message it sent, to send it again when a device asks. */
export interface SentMessage {
  to: string
  bytes: Buffer
  stanzaType: string
  edit?: string
  at: number
}

/** A person sends something: to the other phone, to that account's companions, and a copy to their own. */
export function post(world: World, author: Phone, to: Phone, composed: Composed): Promise<string> {
  const id = newMessageId()
  const content = readContent(composed.message)
  const sent: SentMessage = {
    to: to.number,
    bytes: bytesOfComposed(composed),
    stanzaType: composed.stanzaType ?? 'text',
    ...(composed.edit === undefined ? {} : { edit: composed.edit }),
    at: Date.now(),
  }
  author.remember(id, sent)
  world.history.add('sent-by-person', {
    from: author.number,
    to: to.number,
    id,
    content: content.kind,
    text: content.text,
  })
  show(world, author, to, { id, from: { number: author.number, device: 0 }, sentAt: sent.at }, composed.message, true)
  world.changed(author)
  return author.inTurn(async () => {
    if (to !== author) {
      hear(world, to, { id, from: { number: author.number, device: 0 }, plaintext: sent.bytes, sentAt: sent.at })
      for (const companion of [...to.companions]) await postToCompanion(world, author, to, companion, id, sent)
    }
    for (const companion of [...author.companions]) await postToCompanion(world, author, author, companion, id, sent)
    return id
  })
}

export interface Again {
  count: number
}

/** Encrypts one sent message for one companion, its own account's or the receiver's, and puts it in its queue. */
export async function postToCompanion(
  world: World,
  author: Phone,
  owner: Phone,
  companion: Companion,
  id: string,
  sent: SentMessage,
  again?: Again,
): Promise<void> {
  const chat = world.phone(sent.to)
  const isOwnCopy = owner === author
  const plaintext = pad(isOwnCopy ? deviceSent(chat, sent) : sent.bytes)
  const enc = await encryptFor(world, author, owner, companion, plaintext, again)
  const addressing = isOwnCopy ? chat.settings.addressing : author.settings.addressing
  enqueue(
    world,
    owner,
    companion,
    node(
      'message',
      {
        ...(isOwnCopy ? ownCopyAttrs(author, chat, addressing) : senderAttrs(author, addressing)),
        id,
        t: String(Math.floor(sent.at / 1000)),
        type: sent.stanzaType,
        notify: author.name,
        edit: sent.edit,
      },
      [enc],
    ),
  )
}

export async function encryptFor(
  world: World,
  author: Phone,
  owner: Phone,
  companion: Companion,
  plaintext: Buffer,
  again?: Again,
): Promise<Node> {
  const peer = `${owner.number}:${companion.device}`
  if (!author.sessions.has(peer)) {
    await author.sessions.open(peer, takeCompanionBundle(companion))
    warnWhenKeysRunLow(world, owner, companion)
  }
  const { type, body } = await author.sessions.encrypt(peer, plaintext)
  return node('enc', { v: '2', type, count: again && String(again.count) }, body)
}

/** How a message names who wrote it: by private id or by number, with the other one beside it. */
export function senderAttrs(author: Phone, addressing: 'lid' | 'pn', device = 0): Record<string, string | undefined> {
  const from = jidOf(author, addressing, device)
  return addressing === 'lid'
    ? { from, sender_pn: author.settings.hidesNumber ? undefined : jidOf(author, 'pn'), addressing_mode: 'lid' }
    : { from, sender_lid: jidOf(author, 'lid'), addressing_mode: 'pn' }
}

/** How the copy of an own message names itself on the other devices of the account. */
export function ownCopyAttrs(author: Phone, chat: Phone, addressing: 'lid' | 'pn', device = 0) {
  const names = {
    from: jidOf(author, addressing, device),
    recipient: jidOf(chat, addressing),
    addressing_mode: addressing,
  }
  return addressing === 'lid'
    ? { ...names, peer_recipient_pn: chat.settings.hidesNumber ? undefined : jidOf(chat, 'pn') }
    : { ...names, peer_recipient_lid: jidOf(chat, 'lid') }
}

function deviceSent(chat: Phone, sent: SentMessage): Buffer {
  const destinationJid = jidOf(chat, chat.settings.addressing)
  // Spliced in as bytes rather than decoded and encoded again, which would lose fields unknown to us.
  const inner = Buffer.concat([
    proto.Message.DeviceSentMessage.encode({ destinationJid }).finish(),
    lengthDelimited(2, sent.bytes),
  ])
  return lengthDelimited(31, inner)
}

function lengthDelimited(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

/** Rings every companion of the other side and gives up. */
export async function callMissed(world: World, author: Phone, to: Phone): Promise<string> {
  const id = randomBytes(16).toString('hex').toUpperCase()
  const creator = jidOf(author, author.settings.addressing)
  world.history.add('call', { from: author.number, to: to.number, id })
  for (const companion of to.companions) {
    const t = String(Math.floor(Date.now() / 1000))
    const call = { 'call-id': id, 'call-creator': creator, caller_pn: jidOf(author, 'pn') }
    const attrs = { from: creator, t, notify: author.name }
    enqueue(world, to, companion, node('call', { ...attrs, id: `${id}-1` }, [node('offer', call)]))
    enqueue(
      world,
      to,
      companion,
      node('call', { ...attrs, id: `${id}-2` }, [node('terminate', { ...call, reason: 'timeout' })]),
    )
  }
  return id
}
