import type { SignalBundle } from './signal/libsignal'
import { prefixed } from './signal/device-keys'
import type { Node } from './wire/node'

/** A stanza that waits until the companion has confirmed it. */
export interface QueuedStanza {
  stanza: Node
  sends: number
  /** The connection it was last written to. Not kept over a restart, so it is written again. */
  sentOn?: number
}

/** What the server keeps of one linked device. */
export interface Companion {
  device: number
  keyIndex: number
  noiseKey: Buffer
  identity: Buffer
  registrationId: number
  signed: { id: number; value: Buffer; signature: Buffer }
  oneTime: { id: number; value: Buffer }[]
  /** Set once keys were uploaded: an empty stock then means used up, not never filled. */
  hasUploaded: boolean
  app: string
  linkedAt: number
  lastSeenAt: number
  hasHistory: boolean
  /** How many of the account's sync keys it was given. */
  keysKnown?: number
  queue: QueuedStanza[]
}

/** Takes one one-time key from the stock the device uploaded; without one left the bundle goes out without. */
export function takeCompanionBundle(companion: Companion): SignalBundle {
  const preKey = companion.oneTime.shift()
  return {
    registrationId: companion.registrationId,
    identityKey: prefixed(companion.identity),
    signedPreKey: {
      keyId: companion.signed.id,
      publicKey: prefixed(companion.signed.value),
      signature: companion.signed.signature,
    },
    ...(preKey ? { preKey: { keyId: preKey.id, publicKey: prefixed(preKey.value) } } : {}),
  }
}
