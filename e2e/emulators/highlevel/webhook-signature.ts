import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SignatureMode } from './options'

/** The CRM's Ed25519 key pair, kept in the data folder so that a restart signs with the same key. */
export function openSigner(dataDir?: string) {
  const file = dataDir ? join(dataDir, 'webhook-key.pem') : undefined
  let key: KeyObject
  if (file && existsSync(file)) key = createPrivateKey(readFileSync(file))
  else {
    key = generateKeyPairSync('ed25519').privateKey
    if (file) writeFileSync(file, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  }
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')

  return {
    publicKey,
    headers(body: string, mode: SignatureMode): Record<string, string> {
      if (mode === 'none') return {}
      if (mode === 'N/A') return { 'X-GHL-Signature': 'N/A' }
      const signature = mode === 'wrong' ? randomBytes(64) : sign(null, Buffer.from(body), key)
      return { 'X-GHL-Signature': signature.toString('base64') }
    },
  }
}
