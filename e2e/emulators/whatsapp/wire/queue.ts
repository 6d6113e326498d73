import type { Companion, QueuedStanza } from '../companion'
import type { Phone } from '../phone'
import type { World } from '../world'
import type { Line } from './line'
import type { Node } from './node'

/** Puts a stanza in a companion's queue, where it stays until confirmed, and writes it at once if it can. */
export function enqueue(world: World, owner: Phone, companion: Companion, stanza: Node): void {
  const entry: QueuedStanza = { stanza, sends: 0 }
  companion.queue.push(entry)
  const line = world.line(owner.number, companion.device)
  if (line?.isActive && !world.faults.isPaused(owner.number)) write(world, line, entry)
}

/** Everything that waited while the companion was away, marked as such, and then the stanza that says it was all. */
export function deliverOffline(world: World, line: Line): void {
  const { companion } = line
  const waiting = world.faults.isPaused(line.phone.number) ? [] : [...companion.queue]
  for (const [index, entry] of waiting.entries()) write(world, line, entry, String(index))
}

/** Writes whatever this connection has not seen yet, in order. */
export function deliverWaiting(world: World, line: Line): void {
  if (!line.isActive || world.faults.isPaused(line.phone.number)) return
  for (const entry of line.companion.queue) if (entry.sentOn !== line.connection.id) write(world, line, entry)
}

/** Takes a confirmed stanza out of the queue. */
export function confirm(companion: Companion, tag: string, id: string, type?: string): Node | undefined {
  const index = companion.queue.findIndex(
    ({ stanza, sends }) =>
      sends > 0 &&
      stanza.tag === tag &&
      (stanza.attrs.id ?? '') === id &&
      (tag === 'message' || tag === 'call' || (stanza.attrs.type ?? '') === (type ?? '')),
  )
  return index < 0 ? undefined : companion.queue.splice(index, 1)[0]?.stanza
}

function write(world: World, line: Line, entry: QueuedStanza, offline?: string): void {
  if (!line.isOpen) return
  const { stanza } = entry
  entry.sends += 1
  entry.sentOn = line.connection.id
  line.send(offline === undefined ? stanza : { ...stanza, attrs: { ...stanza.attrs, offline } })
  world.history.add('delivered-to-companion', {
    number: line.phone.number,
    device: line.companion.device,
    stanza: stanza.tag,
    id: stanza.attrs.id,
    type: stanza.attrs.type,
    from: world.locate(stanza.attrs.from)?.phone.number,
    isOffline: offline !== undefined,
    isAgain: entry.sends > 1,
  })
  if (world.faults.isCutNow(line.phone.number)) line.end({}, 428)
}
