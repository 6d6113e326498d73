import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import type { World } from '../world'

const MOST_BLOBS = 64

/** Puts something where a device can download it, sealed as media are, and says how to find and open it. */
export function sealBlob(world: World, plain: Buffer, purpose: string) {
  const mediaKey = randomBytes(32)
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), purpose, 112))
  const iv = keys.subarray(0, 16)
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(16, 48), iv)
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  const mac = createHmac('sha256', keys.subarray(48, 80)).update(iv).update(sealed).digest().subarray(0, 10)
  const stored = Buffer.concat([sealed, mac])
  const directPath = `/v/blob/${randomBytes(16).toString('hex')}`
  world.blobs.set(directPath, stored)
  if (world.blobs.size > MOST_BLOBS) {
    const oldest = world.blobs.keys().next().value
    if (oldest !== undefined) world.blobs.delete(oldest)
  }
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
  return {
    mediaKey,
    directPath,
    fileSizeBytes: plain.length,
    fileSha256: sha256(plain),
    fileEncSha256: sha256(stored),
  }
}

/** The same as the server names a snapshot: it has a path and no host, which every client has built in. */
export function blobReference(world: World, plain: Buffer): Buffer {
  const handle = randomBytes(8).toString('hex')
  const sealed = sealBlob(world, plain, 'WhatsApp App State Keys')
  return Buffer.from(proto.ExternalBlobReference.encode({ ...sealed, handle }).finish())
}
