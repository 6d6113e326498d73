import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'

/** Keys that wrap data keys, by id; the first encrypts, all decrypt. They come from the environment, never from the database. */
export interface Keyring {
  current: string
  keys: ReadonlyMap<string, Buffer>
}

/** Parses `kid:base64-32-bytes[,kid:…]`. Throws an Error that names what is wrong without quoting a key. */
export function parseKeyring(text: string): Keyring {
  const keys = new Map<string, Buffer>()
  for (const [index, entry] of text.split(',').entries()) {
    const [kid, encoded] = [entry.slice(0, entry.indexOf(':')).trim(), entry.slice(entry.indexOf(':') + 1).trim()]
    const key = Buffer.from(encoded, 'base64')
    if (!kid || !entry.includes(':') || key.length !== 32)
      throw new Error(`key ${index + 1} is not kid:base64-of-32-bytes`)
    if (keys.has(kid)) throw new Error(`key id ${kid} is given twice`)
    keys.set(kid, key)
  }
  const current = keys.keys().next().value
  if (current === undefined) throw new Error('no key is given')
  return { current, keys }
}

const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM: nonce | tag | ciphertext. `aad` binds the text to its place; opened elsewhere it fails. */
export function sealWith(key: Buffer, plain: Buffer, aad: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(aad))
  const body = cipher.update(plain)
  cipher.final()
  return Buffer.concat([nonce, cipher.getAuthTag(), body])
}

/** Throws when the key is another, or the bytes or their place were changed. */
export function openWith(key: Buffer, sealed: Buffer, aad: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
  decipher.setAAD(Buffer.from(aad))
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
  const body = decipher.update(sealed.subarray(nonceBytes + tagBytes))
  return Buffer.concat([body, decipher.final()])
}

/** Tells equal texts by a keyed hash: nobody without the secret can find out which texts were marked. */
export function createMark(secret: string): (text: string) => Buffer {
  const key = deriveKey(secret, 'marks')
  return (text) => createHmac('sha256', key).update(text).digest()
}

/** What is kept of a random text that somebody may come back with: enough to know it again. */
export const sha256 = (text: string | Uint8Array): Buffer => createHash('sha256').update(text).digest()

/** In a time that tells nothing about the secret. */
export const isSameSecret = (given: string, secret: string): boolean => timingSafeEqual(sha256(given), sha256(secret))

/** A key for one purpose out of a secret, so that no two uses share a key. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
}
