import { proto } from '@whiskeysockets/baileys'
import {
  indexMacOf,
  macIn,
  openValue,
  patchMacOf,
  sealValue,
  snapshotMacOf,
  type Operation,
  type StateKeys,
} from './cipher'
import type { Collection, Outcome, StoredRecord } from './collection'
import type { SyncKey, SyncKeys } from './sync-keys'

const { SET, REMOVE } = proto.SyncdMutation.SyncdOperation

/** One thing that became different in an account, in the clear. */
export interface Change {
  operation: Operation
  index: string[]
  value: proto.ISyncActionValue
  /** The version of this kind of action. */
  version: number
}

/** Why a patch cannot be right. */
export class PatchError extends Error {
  override readonly name = 'PatchError'
}

/** Seals changes into the next patch of a collection. Nothing is stored yet. */
export function sealPatch(collection: Collection, changes: Change[], key: SyncKey) {
  const { keys, id } = key
  const mutations = changes.map(({ operation, index, value, version }): proto.ISyncdMutation => {
    const indexBytes = Buffer.from(JSON.stringify(index))
    const data = { index: indexBytes, value: { timestamp: Date.now(), ...value }, padding: Buffer.alloc(0), version }
    const plain = proto.SyncActionData.encode(data).finish()
    return {
      operation: operation === 'set' ? SET : REMOVE,
      record: {
        index: { blob: indexMacOf(keys, indexBytes) },
        value: { blob: sealValue(keys, operation, id, plain) },
        keyId: { id },
      },
    }
  })
  const outcome = collection.outcomeOf(mutations)
  return { patch: signed(collection.name, mutations, outcome.hash, collection.version + 1, key), outcome }
}

/** Everything a collection holds as one patch: what a snapshot says, in the form that needs no download. */
export function wholePatch(collection: Collection, key: SyncKey): Buffer {
  const mutations = recordsOf(collection).map((record) => ({ operation: SET, record }))
  return Buffer.from(
    proto.SyncdPatch.encode(signed(collection.name, mutations, collection.hash, collection.version, key)).finish(),
  )
}

export function snapshotOf(collection: Collection): Buffer {
  return Buffer.from(
    proto.SyncdSnapshot.encode({
      version: { version: collection.version },
      records: recordsOf(collection),
      mac: collection.mac ?? null,
      keyId: { id: collection.keyId ?? null },
    }).finish(),
  )
}

function recordsOf({ records }: Collection): proto.ISyncdRecord[] {
  const one = ([index, { keyId, blob }]: [string, StoredRecord]) => ({
    index: { blob: Buffer.from(index, 'base64') },
    value: { blob },
    keyId: { id: keyId },
  })
  return [...records].map(one)
}

function signed(
  name: string,
  mutations: proto.ISyncdMutation[],
  hash: Buffer,
  version: number,
  { id, keys }: SyncKey,
): proto.ISyncdPatch {
  const snapshotMac = snapshotMacOf(keys, hash, version, name)
  const patchMac = patchMacOf(keys, snapshotMac, mutations.map(valueMacIn), version, name)
  return { version: { version }, mutations, snapshotMac, patchMac, keyId: { id } }
}

const valueMacIn = ({ record }: proto.ISyncdMutation) => macIn(Buffer.from(record?.value?.blob ?? []))

/** Reads a patch a companion wrote on top of this collection. Throws PatchError at the first thing that does not fit. */
export function openPatch(
  collection: Collection,
  bytes: Buffer,
  known: SyncKeys,
): { patch: proto.ISyncdPatch; changes: Change[]; outcome: Outcome } {
  const patch = decodePatch(bytes)
  const mutations = patch.mutations ?? []
  if (mutations.length === 0) throw new PatchError('The patch changes nothing')
  const version = collection.version + 1
  const outcome = collection.outcomeOf(mutations)
  const keys = keyOf(known, patch.keyId?.id)
  const snapshotMac = Buffer.from(patch.snapshotMac ?? [])
  if (!snapshotMacOf(keys, outcome.hash, version, collection.name).equals(snapshotMac)) {
    throw new PatchError('The mac of everything after the patch does not fit')
  }
  const patchMac = patchMacOf(keys, snapshotMac, mutations.map(valueMacIn), version, collection.name)
  if (!patchMac.equals(Buffer.from(patch.patchMac ?? []))) throw new PatchError('The mac of the patch does not fit')
  return { patch, changes: mutations.map((mutation) => openMutation(mutation, known)), outcome }
}

function decodePatch(bytes: Buffer): proto.ISyncdPatch {
  try {
    return proto.SyncdPatch.decode(bytes)
  } catch (error) {
    throw new PatchError('That is no patch', { cause: error })
  }
}

function openMutation({ operation, record }: proto.ISyncdMutation, known: SyncKeys): Change {
  const kind: Operation = operation === REMOVE ? 'remove' : 'set'
  const keyId = Buffer.from(record?.keyId?.id ?? [])
  const keys = keyOf(known, keyId)
  const plain = openValue(keys, kind, keyId, Buffer.from(record?.value?.blob ?? []))
  if (!plain) throw new PatchError('The mac of a value does not fit')
  const { index, value, version } = proto.SyncActionData.decode(plain)
  if (!indexMacOf(keys, index ?? Buffer.alloc(0)).equals(Buffer.from(record?.index?.blob ?? []))) {
    throw new PatchError('The mac of an index does not fit')
  }
  return { operation: kind, index: parseIndex(Buffer.from(index ?? [])), value: value ?? {}, version: version ?? 0 }
}

function parseIndex(bytes: Buffer): string[] {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'))
    if (Array.isArray(parsed)) return parsed.map(String)
  } catch {
    // Said below, as for any other index that is none.
  }
  throw new PatchError('An index is no list')
}

function keyOf(known: SyncKeys, id: Uint8Array | null | undefined): StateKeys {
  const key = known.byId(Buffer.from(id ?? []))
  if (!key) throw new PatchError('The patch uses a key this account never had')
  return key.keys
}
