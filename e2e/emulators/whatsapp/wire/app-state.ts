import { isCollection, type Collection } from '../app-state/collection'
import type { AppStateFault } from '../app-state/faults'
import { PatchError, snapshotOf, wholePatch } from '../app-state/patch'
import { spoiled } from '../app-state/spoil'
import type { World } from '../world'
import { blobReference } from './blobs'
import type { Line } from './line'
import { bytesOf, child, children, node, type Node } from './node'

const MOST_PER_ANSWER = { patches: 50, mutations: 2_000 }

export interface Refusal {
  refusal: number
  text: string
}

/** A device fetches collections, or writes to them. */
export function answerAppState(world: World, line: Line, query: Node): Node[] | Refusal | Promise<Node[] | Refusal> {
  const isWrite = children(child(query, 'sync'), 'collection').some((each) => patchIn(each) !== undefined)
  const faults = takeFaults(world, line, ['refuse', 'silence', 'delay'], isWrite ? 'write' : 'fetch')
  const of = (kind: string) => faults.find((fault) => fault.kind === kind)
  if (of('silence')) return new Promise(() => {})
  const refused = of('refuse')
  const answer = () =>
    refused ? { refusal: refused.code ?? 503, text: 'service-unavailable' } : answerCollections(world, line, query)
  const delay = of('delay')?.delayMs
  if (delay === undefined) return answer()
  return new Promise((resolve) => setTimeout(() => resolve(answer()), delay).unref())
}

function answerCollections(world: World, line: Line, query: Node): Node[] {
  const asked = children(child(query, 'sync'), 'collection')
  return [
    node(
      'sync',
      {},
      asked.map((each) => answerCollection(world, line, each)),
    ),
  ]
}

function answerCollection(world: World, line: Line, asked: Node): Node {
  const { phone, companion } = line
  const { name } = asked.attrs
  if (!isCollection(name)) {
    if (!phone.isToldNonsense) world.violation('A collection nobody knows', { number: phone.number, collection: name })
    return node('collection', { name, type: 'error' }, [node('error', { code: '400', text: 'bad-request' })])
  }
  const version = Number(asked.attrs.version ?? 0)
  const collection = phone.state.collection(name)
  const patch = patchIn(asked)
  const about = { number: phone.number, device: companion.device, collection: name, from: version }
  if (!patch) {
    world.history.add('app-state-fetched', { ...about, to: collection.version })
    return node('collection', ...latest(world, line, collection, version, asked.attrs.return_snapshot === 'true'))
  }
  const isForced = takeFaults(world, line, ['conflict']).length > 0
  if (version !== collection.version || isForced) {
    world.history.add('app-state-conflict', { ...about, to: collection.version })
    const [attrs, missing] = latest(world, line, collection, version, false)
    const error = node('error', { code: '409', text: 'conflict' })
    return node('collection', { ...attrs, type: 'error' }, [error, ...missing])
  }
  try {
    return node('collection', { name, version: String(phone.state.accept(name, patch, companion.device)) })
  } catch (error) {
    if (!(error instanceof PatchError)) throw error
    world.violation('A linked device wrote app state that does not verify', { ...about, reason: error.message })
    return node('collection', { name, type: 'error' }, [node('error', { code: '400', text: 'bad-request' })])
  }
}

/** What a device at that version has to be told to know everything, or as much of it as fits. */
function latest(
  world: World,
  line: Line,
  collection: Collection,
  version: number,
  wantsAll: boolean,
): [Record<string, string>, Node[]] {
  const { name } = collection
  const attrs = { name, version: String(version), has_more_patches: 'false' }
  if (collection.version === 0 || (!wantsAll && version >= collection.version)) return [attrs, []]
  if (wantsAll && world.fullSync === 'blob') {
    const reference = blobReference(world, snapshotOf(collection))
    return [{ ...attrs, version: String(collection.version) }, [node('snapshot', {}, reference)]]
  }
  const key = line.phone.state.keys.newest
  if (key && version === 0 && world.fullSync !== 'log') {
    return [attrs, patchesOf(world, line, [wholePatch(collection, key)])]
  }
  const { patches, hasMore } = collection.since(version, MOST_PER_ANSWER)
  const bytes = patches.map((patch) => patch.bytes)
  return [{ ...attrs, has_more_patches: String(hasMore) }, patchesOf(world, line, bytes)]
}

function patchesOf(world: World, line: Line, patches: Buffer[]): Node[] {
  const faults = takeFaults(world, line, ['bad-patch-mac', 'bad-snapshot-mac'])
  const given = faults.length > 0 ? patches.map((bytes) => spoiled(bytes, faults[0]?.kind ?? '')) : patches
  return [
    node(
      'patches',
      {},
      given.map((bytes) => node('patch', {}, bytes)),
    ),
  ]
}

const patchIn = (collection: Node) => bytesOf(child(collection, 'patch'))

function takeFaults(
  world: World,
  { phone, companion }: Line,
  kinds: AppStateFault['kind'][],
  on?: AppStateFault['on'],
): AppStateFault[] {
  const taken = world.faults.appState.take(phone.number, kinds, on)
  const about = { number: phone.number, device: companion.device }
  for (const { kind } of taken) world.history.add('app-state-fault', { ...about, fault: kind })
  return taken
}
