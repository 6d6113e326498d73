import type { World } from '../world'
import type { Line } from './line'
import { child, children, node, type Node } from './node'

/** The room of contacts, labels, pins and mutes: so far every collection is at its beginning, with nothing in it. */
export function answerAppState(_world: World, _line: Line, query: Node): Node[] {
  const collections = children(child(query, 'sync'), 'collection').map(({ attrs }) =>
    node('collection', { name: attrs.name, version: attrs.version ?? '0', has_more_patches: 'false' }),
  )
  return [node('sync', {}, collections)]
}
