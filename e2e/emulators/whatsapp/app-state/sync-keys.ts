import { randomBytes } from 'node:crypto'
import type { proto } from '@whiskeysockets/baileys'
import { expandKey, type StateKeys } from './cipher'

export interface SavedSyncKey {
  id: Buffer
  data: Buffer
  madeAt: number
  devices: number[]
}

export interface SyncKey extends SavedSyncKey {
  keys: StateKeys
}

/** The keys an account seals its state with. Old ones stay: what they sealed has to be read still. */
export class SyncKeys {
  private readonly all: SyncKey[]

  constructor(saved: SavedSyncKey[] = []) {
    this.all = saved.map((key) => ({ ...key, keys: expandKey(key.data) }))
  }

  save(): SavedSyncKey[] {
    return this.all.map(({ id, data, madeAt, devices }) => ({ id, data, madeAt, devices }))
  }

  get newest(): SyncKey | undefined {
    return this.all.at(-1)
  }

  list(): readonly SyncKey[] {
    return this.all
  }

  byId(id: Buffer): SyncKey | undefined {
    return this.all.find((key) => key.id.equals(id))
  }

  /** The id is the device that made it, the phone being 0, and which one it is. */
  make(devices: number[]): SyncKey {
    const id = Buffer.alloc(6)
    id.writeUInt32BE((this.newest ? this.newest.id.readUInt32BE(2) : randomBytes(2).readUInt16BE()) + 1, 2)
    const data = randomBytes(32)
    const made = { id, data, madeAt: Date.now(), devices, keys: expandKey(data) }
    this.all.push(made)
    return made
  }
}

export function sharedKey({ id, data, madeAt, devices }: SyncKey): proto.Message.IAppStateSyncKey {
  const fingerprint = { rawId: 1, currentIndex: devices.at(-1) ?? 0, deviceIndexes: [0, ...devices] }
  return { keyId: { keyId: id }, keyData: { keyData: data, fingerprint, timestamp: madeAt } }
}
