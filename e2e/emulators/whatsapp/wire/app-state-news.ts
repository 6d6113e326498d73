import type { CollectionName } from '../app-state/collection'
import type { Phone } from '../phone'
import type { World } from '../world'
import { node, SERVER } from './node'
import { enqueue } from './queue'

/** Tells every linked device but the one that did it that a collection went on. What changed they have to fetch. */
export function announceState(world: World, phone: Phone, name: CollectionName, version: number, by: number): void {
  for (const companion of phone.companions) {
    if (companion.device === by) continue
    if (world.faults.appState.isLost(phone.number)) {
      world.history.add('server-sync-lost', { number: phone.number, device: companion.device, collection: name })
      continue
    }
    // A device that was not told of the version before has nothing more to learn from it.
    const isSame = ({ stanza, sends }: (typeof companion.queue)[number]) =>
      sends === 0 && stanza.attrs.type === 'server_sync' && stanza.attrs.id?.startsWith(`sync-${name}-`)
    companion.queue = companion.queue.filter((entry) => !isSame(entry))
    const attrs = {
      from: SERVER,
      id: `sync-${name}-${version}`,
      t: String(Math.floor(Date.now() / 1000)),
      type: 'server_sync',
    }
    const collection = node('collection', { name, version: String(version) })
    enqueue(world, phone, companion, node('notification', attrs, [collection]))
  }
}
