import type { Phone } from '../phone'
import type { World } from '../world'
import { announceState } from '../wire/app-state-news'
import { announceKeys } from '../wire/sync-keys'
import { Collection, COLLECTIONS, type CollectionName, type SavedCollection } from './collection'
import { openPatch, sealPatch, type Change } from './patch'
import { SyncKeys, type SavedSyncKey } from './sync-keys'

export interface SavedAppState {
  keys: SavedSyncKey[]
  collections: [CollectionName, SavedCollection][]
  unread: { by: number; changes: Change[] }[]
  mustRotate: boolean
}

/** What a phone says of itself to a device that knows nothing yet, and what it makes of a device's changes. */
export interface StateOwner {
  everything(): [CollectionName, Change[]][]
  hear(by: number, change: Change): void
}

const CHANGES_PER_PATCH = 500

/**
 * The part of an account that all its devices share: contacts, labels, the profile name. The server's collections
 * and the phone's keys to them live here side by side, and only `openPatch` and `sealPatch` bring the two together.
 */
export class AppState {
  readonly keys: SyncKeys
  /** Counts changes, so that it is written to disk when there is something new and only then. */
  revision = 0
  private readonly collections: Map<CollectionName, Collection>
  /** What companions changed while the phone was offline. */
  private readonly unread: { by: number; changes: Change[] }[]
  private mustRotate: boolean

  constructor(
    private readonly world: World,
    private readonly phone: Phone,
    private readonly owner: StateOwner,
    saved?: SavedAppState,
  ) {
    this.keys = new SyncKeys(saved?.keys)
    const known = new Map(saved?.collections ?? [])
    this.collections = new Map(COLLECTIONS.map((name) => [name, new Collection(name, known.get(name))]))
    this.unread = saved?.unread ?? []
    this.mustRotate = saved?.mustRotate ?? false
  }

  save(): SavedAppState {
    return {
      keys: this.keys.save(),
      collections: [...this.collections].map(([name, collection]) => [name, collection.save()]),
      unread: this.unread,
      mustRotate: this.mustRotate,
    }
  }

  collection(name: CollectionName): Collection {
    const collection = this.collections.get(name)
    if (!collection) throw new Error(`No collection ${name}`)
    return collection
  }

  /** Nothing is sealed before a first device is linked: until then nobody but the phone knows anything. */
  begin(): void {
    if (this.keys.newest) return
    this.makeKey()
    for (const [name, changes] of this.owner.everything()) this.write(name, changes)
  }

  /** The phone changes something: sealed, stored, and told to every linked device. */
  write(name: CollectionName, changes: Change[]): void {
    const key = this.keys.newest
    if (!key || changes.length === 0) return
    const collection = this.collection(name)
    for (let at = 0; at < changes.length; at += CHANGES_PER_PATCH) {
      const { patch, outcome } = sealPatch(collection, changes.slice(at, at + CHANGES_PER_PATCH), key)
      const { version, mutations } = collection.commit(patch, outcome, 0)
      this.recordPatch(name, version, mutations, 0)
    }
    this.tell(name, 0)
  }

  /** A companion's patch on top of what is there. Throws PatchError when it does not verify. */
  accept(name: CollectionName, bytes: Buffer, by: number): number {
    const collection = this.collection(name)
    const { patch, changes, outcome } = openPatch(collection, bytes, this.keys)
    const { version, mutations } = collection.commit(patch, outcome, by)
    this.recordPatch(name, version, mutations, by)
    this.unread.push({ by, changes })
    if (this.phone.isOnline) this.catchUp()
    this.tell(name, by)
    return version
  }

  /** The phone is online and looks at what its devices changed meanwhile. */
  catchUp(): void {
    for (const { by, changes } of this.unread.splice(0)) for (const change of changes) this.owner.hear(by, change)
    if (this.mustRotate) this.rotate()
    this.world.changed(this.phone)
  }

  /** A device that is gone still has the old key, so what comes next is sealed with another one. */
  rotate(): void {
    if (!this.keys.newest) return
    this.mustRotate = !this.phone.isOnline
    this.revision += 1
    if (this.mustRotate) return
    this.makeKey()
    this.world.history.add('sync-key-rotated', { number: this.phone.number })
    announceKeys(this.world, this.phone)
  }

  private makeKey(): void {
    this.keys.make(this.phone.companions.map(({ keyIndex }) => keyIndex))
    this.revision += 1
  }

  private recordPatch(collection: CollectionName, version: number, mutations: number, by: number): void {
    this.revision += 1
    this.world.history.add('app-state-patch', { number: this.phone.number, collection, version, mutations, by })
  }

  private tell(name: CollectionName, by: number): void {
    announceState(this.world, this.phone, name, this.collection(name).version, by)
    this.world.changed(this.phone)
  }
}
