import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** What one sync key is good for, each part for its own purpose. */
export interface StateKeys {
  index: Buffer
  valueEncryption: Buffer
  valueMac: Buffer
  snapshotMac: Buffer
  patchMac: Buffer
}

export type Operation = 'set' | 'remove'

const HASH_BYTES = 128
const NO_SALT = Buffer.alloc(0)

export function expandKey(keyData: Buffer): StateKeys {
  const all = Buffer.from(hkdfSync('sha256', keyData, NO_SALT, 'WhatsApp Mutation Keys', 160))
  const part = (n: number) => all.subarray(n * 32, n * 32 + 32)
  return { index: part(0), valueEncryption: part(1), valueMac: part(2), snapshotMac: part(3), patchMac: part(4) }
}

const hmac = (hash: 'sha256' | 'sha512', key: Buffer, ...parts: (Buffer | Uint8Array)[]) => {
  const made = createHmac(hash, key)
  for (const part of parts) made.update(part)
  return made.digest()
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export function indexMacOf(keys: StateKeys, index: Uint8Array): Buffer {
  return hmac('sha256', keys.index, index)
}

function valueMacOf(keys: StateKeys, operation: Operation, keyId: Buffer, sealed: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from([operation === 'set' ? 1 : 2]), keyId])
  return hmac('sha512', keys.valueMac, head, sealed, uint64(head.length)).subarray(0, 32)
}

/** Initial vector, ciphertext, and the value mac at the end. */
export function sealValue(keys: StateKeys, operation: Operation, keyId: Buffer, plain: Uint8Array): Buffer {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', keys.valueEncryption, iv)
  const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final()])
  return Buffer.concat([sealed, valueMacOf(keys, operation, keyId, sealed)])
}

/** Undefined when the mac does not fit. */
export function openValue(keys: StateKeys, operation: Operation, keyId: Buffer, blob: Buffer): Buffer | undefined {
  const sealed = blob.subarray(0, -32)
  if (sealed.length < 32 || !valueMacOf(keys, operation, keyId, sealed).equals(macIn(blob))) return undefined
  const decipher = createDecipheriv('aes-256-cbc', keys.valueEncryption, sealed.subarray(0, 16))
  return Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()])
}

/** The value mac, which everybody can read, also who has no key: the last 32 bytes of what is stored. */
export function macIn(blob: Buffer): Buffer {
  return blob.subarray(-32)
}

export function snapshotMacOf(keys: StateKeys, hash: Buffer, version: number, name: string): Buffer {
  return hmac('sha256', keys.snapshotMac, hash, uint64(version), Buffer.from(name))
}

export function patchMacOf(
  keys: StateKeys,
  snapshotMac: Buffer,
  valueMacs: Buffer[],
  version: number,
  name: string,
): Buffer {
  return hmac('sha256', keys.patchMac, snapshotMac, ...valueMacs, uint64(version), Buffer.from(name))
}

export const emptyHash = () => Buffer.alloc(HASH_BYTES)

/** Adds a value to the hash of everything, or takes it out again: sums of 16-bit words, whatever the order. */
export function mix(hash: Buffer, valueMac: Buffer, sign: 1 | -1): void {
  const words = Buffer.from(hkdfSync('sha256', valueMac, NO_SALT, 'WhatsApp Patch Integrity', HASH_BYTES))
  for (let at = 0; at < HASH_BYTES; at += 2) {
    hash.writeUInt16LE((hash.readUInt16LE(at) + sign * words.readUInt16LE(at)) & 0xffff, at)
  }
}
