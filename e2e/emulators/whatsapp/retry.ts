import { jidOf } from './address'
import type { Phone } from './phone'
import type { Delivery } from './receivers'
import { postToCompanion } from './send'
import type { SignalBundle } from './signal/libsignal'
import { takeCompanionBundle, type Companion } from './companion'
import type { World } from './world'
import { prefixed } from './signal/device-keys'
import { bytesOf, child, node, uintBytes, uintOf, type Node } from './wire/node'
import { enqueue } from './wire/queue'

const MOST_RETRIES = 5
const counts = new WeakMap<Phone, Map<string, number>>()

/** A phone could not read a companion's message and asks for it again; from the second time on with fresh keys. */
export function askAgain(world: World, phone: Phone, delivery: Delivery): void {
  const owner = world.phone(delivery.from.number)
  const companion = owner.companion(delivery.from.device)
  if (!companion) return
  const asked = counts.get(phone) ?? new Map<string, number>()
  counts.set(phone, asked)
  const count = (asked.get(delivery.id) ?? 0) + 1
  if (count > MOST_RETRIES) return
  asked.set(delivery.id, count)
  world.history.add('retry-to-companion', {
    from: phone.number,
    number: owner.number,
    device: companion.device,
    id: delivery.id,
    count,
  })
  const t = String(Math.floor(delivery.sentAt / 1000))
  const isOwn = owner === phone
  const content = [
    node('retry', { count: String(count), id: delivery.id, t, v: '1' }),
    node('registration', {}, uintBytes(phone.keys.registrationId, 4)),
    ...(count > 1 ? [keysNode(phone)] : []),
  ]
  const chat = isOwn && delivery.chat !== undefined ? world.reach(delivery.chat) : undefined
  const from = jidOf(phone, isOwn ? 'lid' : phone.settings.addressing)
  const recipient = chat && jidOf(chat, chat.settings.addressing)
  enqueue(world, owner, companion, node('receipt', { type: 'retry', from, recipient, id: delivery.id, t }, content))
}

function keysNode(phone: Phone): Node {
  const bundle = phone.keys.takeBundle()
  return node('keys', {}, [
    node('type', {}, Buffer.from([5])),
    node('identity', {}, phone.keys.identity.public),
    ...(bundle.preKey ? [preKeyNode('key', bundle.preKey.keyId, bundle.preKey.publicKey)] : []),
    preKeyNode('skey', bundle.signedPreKey.keyId, bundle.signedPreKey.publicKey, bundle.signedPreKey.signature),
  ])
}

export function preKeyNode(tag: string, id: number, publicKey: Buffer, signature?: Buffer): Node {
  return node(tag, {}, [
    node('id', {}, uintBytes(id, 3)),
    node('value', {}, publicKey.length === 33 ? publicKey.subarray(1) : publicKey),
    ...(signature ? [node('signature', {}, signature)] : []),
  ])
}

/** A companion could not read a phone's message: it gets the same id again under a new session. */
export function sendAgain(world: World, author: Phone, owner: Phone, companion: Companion, receipt: Node): void {
  const id = receipt.attrs.id ?? ''
  const count = Number(child(receipt, 'retry')?.attrs.count ?? 1)
  world.history.add('retry-from-companion', {
    number: owner.number,
    device: companion.device,
    to: author.number,
    id,
    count,
  })
  const sent = author.recall(id)
  if (!sent || count > MOST_RETRIES) return
  const resend = author.inTurn(async () => {
    const bundle = bundleOf(receipt) ?? takeCompanionBundle(companion)
    await author.sessions.open(`${owner.number}:${companion.device}`, bundle)
    await postToCompanion(world, author, owner, companion, id, sent, { count })
  })
  world.background('sending a message again', resend)
}

function bundleOf(receipt: Node): SignalBundle | undefined {
  const keys = child(receipt, 'keys')
  const identity = bytesOf(keys, 'identity')
  const signed = child(keys, 'skey')
  const signedId = uintOf(signed, 'id')
  const signedValue = bytesOf(signed, 'value')
  const signature = bytesOf(signed, 'signature')
  const registrationId = uintOf(receipt, 'registration')
  if (!identity || signedId === undefined || !signedValue || !signature || registrationId === undefined)
    return undefined
  const oneTime = child(keys, 'key')
  const oneTimeId = uintOf(oneTime, 'id')
  const oneTimeValue = bytesOf(oneTime, 'value')
  return {
    registrationId,
    identityKey: prefixed(identity),
    signedPreKey: { keyId: signedId, publicKey: prefixed(signedValue), signature },
    ...(oneTimeId !== undefined && oneTimeValue
      ? { preKey: { keyId: oneTimeId, publicKey: prefixed(oneTimeValue) } }
      : {}),
  }
}
