import { createHash } from 'node:crypto'
import type { Companion } from '../companion'
import { takeCompanionBundle } from '../companion'
import type { Phone } from '../phone'
import { preKeyNode } from '../retry'
import type { World } from '../world'
import type { Line } from './line'
import { bytesOf, child, children, node, SERVER, uintBytes, uintOf, type Node } from './node'
import { enqueue } from './queue'

const LOW = 5
const KEY_TYPE = Buffer.from([5])

export function answerCount(_world: World, { companion }: Line): Node[] {
  return [node('count', { value: String(companion.oneTime.length) })]
}

export function storeKeys(world: World, { phone, companion }: Line, query: Node): Node[] {
  const keys = children(child(query, 'list'), 'key').flatMap((key) => {
    const id = uintOf(key, 'id')
    const value = bytesOf(key, 'value')
    return id !== undefined && value?.length === 32 ? [{ id, value }] : []
  })
  const known = new Set(companion.oneTime.map(({ id }) => id))
  companion.oneTime.push(...keys.filter(({ id }) => !known.has(id)))
  companion.hasUploaded = true
  storeSigned(companion, child(query, 'skey'))
  world.history.add('keys-uploaded', { number: phone.number, device: companion.device, count: keys.length })
  world.changed(phone)
  return []
}

export function rotateKey(world: World, { phone, companion }: Line, query: Node): Node[] {
  storeSigned(companion, child(child(query, 'rotate'), 'skey'))
  world.changed(phone)
  return []
}

function storeSigned(companion: Companion, signed: Node | undefined): void {
  const id = uintOf(signed, 'id')
  const value = bytesOf(signed, 'value')
  const signature = bytesOf(signed, 'signature')
  if (id !== undefined && value && signature) companion.signed = { id, value, signature }
}

export function answerDigest(_world: World, { companion }: Line): Node[] {
  if (!companion.hasUploaded) return []
  const { signed, oneTime } = companion
  const hash = createHash('sha1').update(companion.identity).update(signed.value).update(signed.signature)
  for (const key of oneTime) hash.update(key.value)
  return [
    node('digest', {}, [
      node('registration', {}, uintBytes(companion.registrationId, 4)),
      node('type', {}, KEY_TYPE),
      node('identity', {}, companion.identity),
      preKeyNode('skey', signed.id, signed.value, signed.signature),
      node(
        'list',
        {},
        oneTime.map(({ id }) => node('id', {}, uintBytes(id, 3))),
      ),
      node('hash', {}, hash.digest()),
    ]),
  ]
}

/** Key bundles for the devices asked about: an emulated phone's own, or what a companion uploaded. */
export function answerKeys(world: World, line: Line, query: Node): Node[] {
  const users = children(child(query, 'key'), 'user').map((user) => {
    const jid = user.attrs.jid ?? ''
    const target = world.locate(jid)
    const companion = target && target.device > 0 ? target.phone.companion(target.device) : undefined
    if (!target || (target.device > 0 && !companion)) {
      return node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })])
    }
    const bundle = companion ? takeCompanionBundle(companion) : target.phone.keys.takeBundle()
    if (companion) warnWhenKeysRunLow(world, target.phone, companion)
    return node('user', { jid }, [
      node('registration', {}, uintBytes(bundle.registrationId, 4)),
      node('type', {}, KEY_TYPE),
      node('identity', {}, bundle.identityKey.subarray(1)),
      ...(bundle.preKey ? [preKeyNode('key', bundle.preKey.keyId, bundle.preKey.publicKey)] : []),
      preKeyNode('skey', bundle.signedPreKey.keyId, bundle.signedPreKey.publicKey, bundle.signedPreKey.signature),
    ])
  })
  world.history.add('keys-asked', { number: line.phone.number, count: users.length })
  return [node('list', {}, users)]
}

/** The server tells a device that its stock of one-time keys is nearly used up. */
export function warnWhenKeysRunLow(world: World, owner: Phone, companion: Companion): void {
  if (!companion.hasUploaded || companion.oneTime.length >= LOW) return
  const id = `keys-${owner.number}-${companion.device}`
  if (companion.queue.some(({ stanza }) => stanza.attrs.id === id)) return
  const attrs = { from: SERVER, id, t: String(Math.floor(Date.now() / 1000)), type: 'encrypt' }
  enqueue(
    world,
    owner,
    companion,
    node('notification', attrs, [node('count', { value: String(companion.oneTime.length) })]),
  )
}
