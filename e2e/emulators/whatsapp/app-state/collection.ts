import { proto } from '@whiskeysockets/baileys'
import { emptyHash, macIn, mix } from './cipher'

export const COLLECTIONS = ['critical_block', 'critical_unblock_low', 'regular_high', 'regular_low', 'regular'] as const
export type CollectionName = (typeof COLLECTIONS)[number]

export const isCollection = (name: string | undefined): name is CollectionName =>
  (COLLECTIONS as readonly (string | undefined)[]).includes(name)

/** One line of a collection as the server keeps it: unreadable but for its macs. */
export interface StoredRecord {
  keyId: Buffer
  blob: Buffer
}

export interface StoredPatch {
  version: number
  /** The device that wrote it: 0 is the phone. */
  by: number
  bytes: Buffer
  mutations: number
}

/** All bytes as base64: tens of thousands of buffers take JSON too long. */
export interface SavedCollection {
  version: number
  hash: string
  mac?: string
  keyId?: string
  records: [index: string, keyId: string, blob: string][]
  patches: [version: number, by: number, bytes: string, mutations: number][]
}

const coded = (bytes: Buffer) => bytes.toString('base64')
const decoded = (text: string) => Buffer.from(text, 'base64')

/** What a patch would make of a collection. */
export interface Outcome {
  hash: Buffer
  changed: Map<string, StoredRecord | undefined>
}

const { SET } = proto.SyncdMutation.SyncdOperation

/** One collection on the server, which orders patches and can read none of them. */
export class Collection {
  version: number
  hash: Buffer
  /** The mac of everything as the last patch gave it, and the key it was made with. */
  mac: Buffer | undefined
  keyId: Buffer | undefined
  readonly records: Map<string, StoredRecord>
  readonly patches: StoredPatch[]

  constructor(
    readonly name: CollectionName,
    saved?: SavedCollection,
  ) {
    this.version = saved?.version ?? 0
    this.hash = saved ? decoded(saved.hash) : emptyHash()
    this.mac = saved?.mac === undefined ? undefined : decoded(saved.mac)
    this.keyId = saved?.keyId === undefined ? undefined : decoded(saved.keyId)
    const record = (keyId: string, blob: string) => ({ keyId: decoded(keyId), blob: decoded(blob) })
    this.records = new Map((saved?.records ?? []).map(([index, keyId, blob]) => [index, record(keyId, blob)]))
    this.patches = (saved?.patches ?? []).map(([version, by, bytes, mutations]) => {
      return { version, by, bytes: decoded(bytes), mutations }
    })
  }

  save(): SavedCollection {
    return {
      version: this.version,
      hash: coded(this.hash),
      ...(this.mac && this.keyId ? { mac: coded(this.mac), keyId: coded(this.keyId) } : {}),
      records: [...this.records].map(([index, { keyId, blob }]) => [index, coded(keyId), coded(blob)]),
      patches: this.patches.map(({ version, by, bytes, mutations }) => [version, by, coded(bytes), mutations]),
    }
  }

  outcomeOf(mutations: proto.ISyncdMutation[]): Outcome {
    const hash = Buffer.from(this.hash)
    const changed = new Map<string, StoredRecord | undefined>()
    for (const { operation, record } of mutations) {
      const index = Buffer.from(record?.index?.blob ?? []).toString('base64')
      const before = changed.has(index) ? changed.get(index) : this.records.get(index)
      if (before) mix(hash, macIn(before.blob), -1)
      if (operation === SET) {
        const blob = Buffer.from(record?.value?.blob ?? [])
        mix(hash, macIn(blob), 1)
        changed.set(index, { keyId: Buffer.from(record?.keyId?.id ?? []), blob })
      } else changed.set(index, undefined)
    }
    return { hash, changed }
  }

  /** Takes in a patch that was found good. It must be the one the outcome was worked out from. */
  commit(patch: proto.ISyncdPatch, outcome: Outcome, by: number): StoredPatch {
    this.version += 1
    this.hash = outcome.hash
    this.mac = Buffer.from(patch.snapshotMac ?? [])
    this.keyId = Buffer.from(patch.keyId?.id ?? [])
    for (const [index, record] of outcome.changed) {
      if (record) this.records.set(index, record)
      else this.records.delete(index)
    }
    // Companions leave the version out; it is the server that numbers.
    const bytes = Buffer.from(proto.SyncdPatch.encode({ ...patch, version: { version: this.version } }).finish())
    const stored = { version: this.version, by, bytes, mutations: patch.mutations?.length ?? 0 }
    this.patches.push(stored)
    return stored
  }

  /** What somebody at that version has not seen, oldest first, as much as fits in one answer. */
  since(version: number, most: { patches: number; mutations: number }): { patches: StoredPatch[]; hasMore: boolean } {
    const first = this.patches.findIndex((patch) => patch.version > version)
    if (first < 0) return { patches: [], hasMore: false }
    const picked: StoredPatch[] = []
    let mutations = 0
    for (const patch of this.patches.slice(first, first + most.patches)) {
      mutations += patch.mutations
      if (picked.length > 0 && mutations > most.mutations) break
      picked.push(patch)
    }
    return { patches: picked, hasMore: picked.at(-1)?.version !== this.version }
  }
}
