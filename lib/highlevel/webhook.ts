import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { isSameSecret } from '@/lib/seal'
import { appEventBody, providerMessageBody, type SignedAppEvent } from './schemas'
import type { ProviderMessage } from './highlevel'

/** `unsigned`: no signature came with it. `bad`: one came and does not fit. Only `good` proves the sender. */
export type SignatureVerdict = 'good' | 'unsigned' | 'bad'

export const signatureHeader = 'x-ghl-signature'

/** Base64 SPKI of Ed25519 keys; made once, because parsing a key costs more than verifying with it. */
export function parseWebhookKeys(keys: readonly string[]): KeyObject[] {
  return keys.map((key) => createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' }))
}

const ed25519Base64 = /^[A-Za-z0-9+/]{86}==$/

/**
 * Ed25519 over the bytes as they came. The older RSA header is ignored: falling back to it would let whoever can forge the
 * weaker one pass.
 */
export function verifySignature(raw: Uint8Array, header: string | null, keys: readonly KeyObject[]): SignatureVerdict {
  const text = header?.trim() ?? ''
  if (text === '' || text.toUpperCase() === 'N/A') return 'unsigned'
  if (!ed25519Base64.test(text)) return 'bad'
  const signature = Buffer.from(text, 'base64')
  return keys.some((key) => verify(null, raw, key, signature)) ? 'good' : 'bad'
}

/** Whether the path's secret is one of ours, in a time that tells nothing about them. */
export function isDeliverySecret(given: string, secrets: readonly string[]): boolean {
  let found = false
  for (const secret of secrets) if (isSameSecret(given, secret)) found = true
  return found
}

/** Null when the body is not a message to deliver. */
export function parseProviderMessage(raw: Uint8Array): ProviderMessage | null {
  return providerMessageBody.safeParse(parseBody(raw)).data ?? null
}

/** Null when the body is not an event. */
export function parseAppEvent(raw: Uint8Array): SignedAppEvent | null {
  return appEventBody.safeParse(parseBody(raw)).data ?? null
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parseBody(raw: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(raw))
  } catch {
    return undefined
  }
}
