import { jidOf } from '../address'
import type { World } from '../world'
import type { Line } from './line'
import { children, node, type Node } from './node'

export function hearPresence(world: World, line: Line, stanza: Node): void {
  const { type, to } = stanza.attrs
  if (type === 'subscribe') {
    const target = world.locate(to)?.phone
    if (!target) return
    line.subscriptions.add(target.number)
    const from = to ?? jidOf(target, 'lid')
    line.send(node('presence', target.isOnline ? { from } : { from, type: 'unavailable' }))
    return
  }
  if (type === 'available' || type === 'unavailable') {
    line.isAvailable = type === 'available'
    const { number } = line.phone
    world.history.add('presence', { number, device: line.companion.device, type })
  }
}

/** The other side sees "typing…" for as long as this lasts. */
export function hearChatState(world: World, line: Line, stanza: Node): void {
  const target = world.locate(stanza.attrs.to)?.phone
  const state = children(stanza)[0]?.tag
  if (!target || !state) return
  world.history.add('typing', { from: line.phone.number, to: target.number, state })
  if (state === 'composing') target.typing.add(line.phone.number)
  else target.typing.delete(line.phone.number)
  world.changed(target)
}
