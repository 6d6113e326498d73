import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import type { World } from '../world'

const MOST_BLOBS = 64

/** Puts something where a device can download it, sealed as media are, and returns how to find and open it. */
export function blobReference(world: World, plain: Buffer): Buffer {
  const mediaKey = randomBytes(32)
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), 'WhatsApp App State Keys', 112))
  const iv = keys.subarray(0, 16)
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(16, 48), iv)
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  const mac = createHmac('sha256', keys.subarray(48, 80)).update(iv).update(sealed).digest().subarray(0, 10)
  const stored = Buffer.concat([sealed, mac])
  const directPath = `/v/app-state/${randomBytes(16).toString('hex')}`
  world.blobs.set(directPath, stored)
  if (world.blobs.size > MOST_BLOBS) {
    const oldest = world.blobs.keys().next().value
    if (oldest !== undefined) world.blobs.delete(oldest)
  }
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
  return Buffer.from(
    proto.ExternalBlobReference.encode({
      mediaKey,
      directPath,
      handle: randomBytes(8).toString('hex'),
      fileSizeBytes: plain.length,
      fileSha256: sha256(plain),
      fileEncSha256: sha256(stored),
    }).finish(),
  )
}
