import { randomInt } from 'node:crypto'
import { signedKeyPair } from '@whiskeysockets/baileys'
import { newKeyPair, type KeyPair } from '../wire/certificate'
import type { SignalBundle, SignalKeyPair } from './libsignal'

const ONE_TIME_KEYS_KEPT = 2_000

export interface SavedDeviceKeys {
  registrationId: number
  identity: KeyPair
  signed?: { id: number; pair: KeyPair; signature: Buffer }
  oneTime: [number, KeyPair][]
  nextOneTimeId: number
}

export function prefixed(publicKey: Uint8Array): Buffer {
  return publicKey.length === 33 ? Buffer.from(publicKey) : Buffer.concat([Buffer.from([5]), publicKey])
}

export function signalPair(pair: KeyPair): SignalKeyPair {
  return { pubKey: prefixed(pair.public), privKey: Buffer.from(pair.private) }
}

/** The private keys of one emulated phone. The signed pre-key is made on first use: its signature is the slow part. */
export class DeviceKeys {
  readonly registrationId: number
  readonly identity: KeyPair
  private signed?: { id: number; pair: KeyPair; signature: Buffer }
  private readonly oneTime: Map<number, KeyPair>
  private nextOneTimeId: number

  constructor(saved?: SavedDeviceKeys) {
    this.registrationId = saved?.registrationId ?? randomInt(1, 16_380)
    this.identity = saved?.identity ?? newKeyPair()
    this.signed = saved?.signed
    this.oneTime = new Map(saved?.oneTime ?? [])
    this.nextOneTimeId = saved?.nextOneTimeId ?? 1
  }

  save(): SavedDeviceKeys {
    return {
      registrationId: this.registrationId,
      identity: this.identity,
      ...(this.signed ? { signed: this.signed } : {}),
      oneTime: [...this.oneTime],
      nextOneTimeId: this.nextOneTimeId,
    }
  }

  signedPreKey() {
    if (!this.signed) {
      const made = signedKeyPair(this.identity, 1)
      this.signed = {
        id: 1,
        pair: { public: Buffer.from(made.keyPair.public), private: Buffer.from(made.keyPair.private) },
        signature: Buffer.from(made.signature),
      }
    }
    return this.signed
  }

  /** A bundle for one new session. Each hands out another one-time key, as the server's stock would. */
  takeBundle(): SignalBundle {
    const signed = this.signedPreKey()
    const id = this.nextOneTimeId++
    const pair = newKeyPair()
    this.oneTime.set(id, pair)
    if (this.oneTime.size > ONE_TIME_KEYS_KEPT) {
      const oldest = this.oneTime.keys().next().value
      if (oldest !== undefined) this.oneTime.delete(oldest)
    }
    return {
      registrationId: this.registrationId,
      identityKey: prefixed(this.identity.public),
      signedPreKey: { keyId: signed.id, publicKey: prefixed(signed.pair.public), signature: signed.signature },
      preKey: { keyId: id, publicKey: prefixed(pair.public) },
    }
  }

  oneTimeKey(id: number): SignalKeyPair | undefined {
    const pair = this.oneTime.get(id)
    return pair && signalPair(pair)
  }

  useOneTimeKey(id: number): void {
    this.oneTime.delete(id)
  }
}
