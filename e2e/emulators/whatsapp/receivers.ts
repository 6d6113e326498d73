import { proto } from '@whiskeysockets/baileys'
import { quotedIdOf, readContent, unpad, type Message } from './content'
import type { Phone } from './phone'
import { askAgain } from './retry'
import { sendReceipt } from './receipts'
import { UnreadableError } from './signal/sessions'
import { answerKeyRequest } from './wire/sync-keys'
import type { World } from './world'

/** One message on its way to one phone: enciphered by a companion, or plain when another emulated phone wrote it. */
export interface Delivery {
  id: string
  from: { number: string; device: number }
  enc?: { type: string; body: Buffer }
  plaintext?: Buffer
  /** The number of the chat, which an own copy needs to be asked for again. */
  chat?: string
  sentAt: number
  /** A message for the phone itself, such as a request to send something again. */
  isPeer?: boolean
}

const busy = new WeakSet<Phone>()

/** Hands a message to a phone. A phone that is offline keeps it, and gives no sign of life, until it is back. */
export function hear(world: World, phone: Phone, delivery?: Delivery): void {
  if (delivery) phone.inbox.push(delivery)
  if (!busy.has(phone)) world.background('reading an inbox', readInbox(world, phone))
}

async function readInbox(world: World, phone: Phone): Promise<void> {
  busy.add(phone)
  try {
    for (;;) {
      const delivery = phone.inbox[0]
      if (!delivery || !phone.isOnline) break
      await read(world, phone, delivery)
      phone.inbox.shift()
      world.changed(phone)
    }
  } finally {
    busy.delete(phone)
  }
}

async function read(world: World, phone: Phone, delivery: Delivery): Promise<void> {
  const { id, from } = delivery
  let message: Message
  try {
    message = proto.Message.decode(delivery.plaintext ?? unpad(await decrypt(phone, delivery)))
  } catch (error) {
    hearUnreadable(world, phone, delivery, error)
    return
  }
  const inner = message.deviceSentMessage?.message
  const isOwn = from.number === phone.number
  const chat = isOwn
    ? world.locate(message.deviceSentMessage?.destinationJid ?? undefined)?.phone
    : world.reach(from.number)
  const content = inner ?? message
  if (delivery.enc) {
    world.history.add('decrypted', {
      recipient: phone.number,
      sender: from.number,
      device: from.device,
      id,
      content: readContent(content).kind,
      text: readContent(content).text,
      mode: phone.settings.mode,
      enc: delivery.enc.type,
      isOwnCopy: isOwn,
    })
  }
  if (delivery.isPeer) {
    const request = content.protocolMessage?.appStateSyncKeyRequest
    if (isOwn && request) await answerKeyRequest(world, phone, from.device, request)
    return
  }
  if (!chat) {
    world.violation('An own copy names no chat', { number: phone.number, device: from.device, id })
    return
  }
  show(world, phone, chat, delivery, content, isOwn)
  if (!isOwn) {
    sendReceipt(world, phone, chat, [id], 'delivered')
    reactAlone(world, phone, chat, id, content)
  }
}

async function decrypt(phone: Phone, delivery: Delivery): Promise<Buffer> {
  if (!delivery.enc) throw new Error('The message has no content')
  const peer = `${delivery.from.number}:${delivery.from.device}`
  return phone.sessions.decrypt(peer, delivery.enc.type, delivery.enc.body)
}

/** Puts the message where a person sees it. */
export function show(
  world: World,
  phone: Phone,
  chat: Phone,
  delivery: Delivery,
  message: Message,
  isOwn: boolean,
): void {
  const { id, from } = delivery
  const content = readContent(message)
  if (changeBubble(world, phone, chat, message, content)) return
  const seen = {
    phone: phone.number,
    chat: chat.number,
    id,
    content: content.kind,
    text: content.text,
    direction: isOwn ? 'out' : 'in',
    device: from.device,
  }
  const known = phone.chats.find(chat.number, id)
  if (known?.status === 'waiting') {
    Object.assign(known, content, { status: isOwn ? 'sent' : 'received' })
    world.history.add('shown', { ...seen, duplicate: false, filled: true })
    return
  }
  if (known && phone.settings.dedupes) {
    world.history.add('repeat-hidden', seen)
    return
  }
  const quotedId = quotedIdOf(message)
  phone.chats.append(chat.number, {
    id,
    direction: isOwn ? 'out' : 'in',
    ...content,
    at: delivery.sentAt,
    status: isOwn ? phone.takeEarlyTick(chat.number, id) : 'received',
    device: from.device,
    ...(quotedId === undefined ? {} : { quotedId }),
  })
  world.history.add('shown', { ...seen, duplicate: known !== undefined })
}

/** Reactions, edits and deletions change a bubble that is there already, and show none of their own. */
function changeBubble(
  world: World,
  phone: Phone,
  chat: Phone,
  message: Message,
  content: { kind: string; text: string },
): boolean {
  if (content.kind === 'protocol') return true
  if (content.kind !== 'reaction' && content.kind !== 'edit' && content.kind !== 'delete') return false
  const id = message.reactionMessage?.key?.id ?? message.protocolMessage?.key?.id ?? ''
  const bubble = phone.chats.find(chat.number, id)
  world.history.add('changed', {
    phone: phone.number,
    chat: chat.number,
    id,
    content: content.kind,
    text: content.text,
  })
  if (!bubble) return true
  if (content.kind === 'reaction') bubble.reaction = content.text
  if (content.kind === 'edit') Object.assign(bubble, { text: content.text, edited: true })
  if (content.kind === 'delete') Object.assign(bubble, { text: '', deleted: true })
  return true
}

function hearUnreadable(world: World, phone: Phone, delivery: Delivery, error: unknown): void {
  const { id, from } = delivery
  const reason = error instanceof UnreadableError ? error.reason : 'bad-content'
  const isSilent = reason === 'old-counter' && phone.settings.mode === 'strict'
  world.history.add('undecryptable', {
    recipient: phone.number,
    sender: from.number,
    device: from.device,
    id,
    reason,
    action: isSilent ? 'dropped' : 'retry',
  })
  if (isSilent || delivery.isPeer) return
  const isOwn = from.number === phone.number
  if (!isOwn && !phone.chats.find(from.number, id)) {
    phone.chats.append(from.number, {
      id,
      direction: 'in',
      kind: 'waiting',
      text: 'Waiting for this message',
      at: delivery.sentAt,
      status: 'waiting',
      device: from.device,
    })
    world.history.add('shown-waiting', { phone: phone.number, chat: from.number, id })
  }
  askAgain(world, phone, delivery)
}

/** What a phone does by itself: read at once, answer at once. */
function reactAlone(world: World, phone: Phone, chat: Phone, id: string, message: Message): void {
  if (phone.settings.autoRead) {
    const bubble = phone.chats.find(chat.number, id)
    if (bubble) bubble.status = 'seen'
    sendReceipt(world, phone, chat, [id], 'read')
  }
  const content = readContent(message)
  if (phone.settings.autoReply !== null && content.kind === 'text') {
    const reply = phone.settings.autoReply.replaceAll('{text}', content.text)
    world.background('answering by itself', phone.sendText(chat.number, reply))
  }
}
