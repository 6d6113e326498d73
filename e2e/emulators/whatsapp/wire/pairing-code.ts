import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { aesDecryptGCM, Curve, derivePairingCodeKey, hkdf } from '@whiskeysockets/baileys'
import { parseJid } from '../address'
import type { Phone } from '../phone'
import { PhoneError, type World } from '../world'
import { newKeyPair } from './certificate'
import { bytesOf, node, SERVER, type Node } from './node'
import type { Applicant } from './pairing'

/** A device that waits for its code to be typed on the phone. */
export interface CodeLink {
  number: string
  ref: Buffer
  expiresAt: number
  wrappedKey: Buffer
  finish?: ((request: Node) => void) | undefined
  cancel?: (() => void) | undefined
}

const WRONG_CODE = "Couldn't link the device. Check the code and try again."

/** Both requests a client makes while linking by code: its hello, and its answer to the phone. */
export function startCode(world: World, applicant: Applicant, request: Node): void {
  const { stage, jid } = request.attrs
  const number = parseJid(jid)?.user
  if (stage === 'companion_finish') {
    applicant.codeLink?.finish?.(request)
    return
  }
  const wrappedKey = bytesOf(request, 'link_code_pairing_wrapped_companion_ephemeral_pub')
  if (stage !== 'companion_hello' || !number || wrappedKey?.length !== 80) {
    world.violation('A request for a pairing code that cannot be read', { stage })
    return
  }
  const expiresAt = Date.now() + world.timings.codeMs
  applicant.codeLink = { number, ref: Buffer.from(`3@${randomBytes(12).toString('base64')}`), expiresAt, wrappedKey }
  world.history.add('code-offered', { number, connection: applicant.connection.id })
}

function ctr(direction: 'in' | 'out', key: Buffer, iv: Buffer, data: Buffer): Buffer {
  const cipher = direction === 'in' ? createDecipheriv('aes-256-ctr', key, iv) : createCipheriv('aes-256-ctr', key, iv)
  return Buffer.concat([cipher.update(data), cipher.final()])
}

/** Runs the exchange a typed code starts. Returns the secret both sides then share, or says the code is wrong. */
export async function confirmCode(world: World, phone: Phone, applicant: Applicant, typed: string): Promise<Buffer> {
  const link = applicant.codeLink
  if (!link) throw new PhoneError(WRONG_CODE)
  const code = typed.replace(/[^0-9A-Za-z]/g, '').toUpperCase()
  if (code.length !== 8) throw new PhoneError('The code has 8 characters. Type all of them.')
  const { wrappedKey } = link
  const key = await derivePairingCodeKey(code, wrappedKey.subarray(0, 32))
  const companionEphemeral = ctr('in', key, wrappedKey.subarray(32, 48), wrappedKey.subarray(48))
  const ephemeral = newKeyPair()
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const ownKey = await derivePairingCodeKey(code, salt)
  const wrapped = Buffer.concat([salt, iv, ctr('out', ownKey, iv, ephemeral.public)])
  world.history.add('code-typed', { number: phone.number })

  const request = await new Promise<Node>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new PhoneError('The device did not answer. Try again.')),
      world.timings.linkMs,
    )
    const stop = () => {
      clearTimeout(timer)
      link.finish = undefined
      link.cancel = undefined
    }
    link.finish = (finish) => {
      stop()
      resolve(finish)
    }
    link.cancel = () => {
      stop()
      reject(new PhoneError('The device went away. Ask for a new code in the app.'))
    }
    applicant.connection.send(
      node(
        'notification',
        {
          type: 'link_code_companion_reg',
          id: `code-${randomBytes(4).toString('hex')}`,
          t: String(Math.floor(Date.now() / 1000)),
          from: SERVER,
        },
        [
          node('link_code_companion_reg', { stage: 'primary_hello' }, [
            node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrapped),
            node('primary_identity_pub', {}, phone.keys.identity.public),
            node('link_code_pairing_ref', {}, link.ref),
          ]),
        ],
      ),
    )
  })
  return readBundle(phone, ephemeral.private, companionEphemeral, request)
}

function readBundle(phone: Phone, ephemeralKey: Buffer, companionEphemeral: Buffer, request: Node): Buffer {
  const bundle = bytesOf(request, 'link_code_pairing_wrapped_key_bundle') ?? Buffer.alloc(0)
  const companionIdentity = bytesOf(request, 'companion_identity_public') ?? Buffer.alloc(0)
  try {
    const shared = Curve.sharedKey(ephemeralKey, companionEphemeral)
    const bundleKey = Buffer.from(
      hkdf(shared, 32, { salt: bundle.subarray(0, 32), info: 'link_code_pairing_key_bundle_encryption_key' }),
    )
    const plain = aesDecryptGCM(bundle.subarray(44), bundleKey, bundle.subarray(32, 44), Buffer.alloc(0))
    if (!plain.subarray(0, 32).equals(companionIdentity)) throw new Error('The bundle names another device')
    const identityShared = Curve.sharedKey(phone.keys.identity.private, companionIdentity)
    return Buffer.from(
      hkdf(Buffer.concat([shared, identityShared, plain.subarray(64, 96)]), 32, { info: 'adv_secret' }),
    )
  } catch (cause) {
    throw new PhoneError(WRONG_CODE, { cause })
  }
}
