import { jidOf } from '../address'
import { tick, type ReceiptType } from '../receipts'
import { sendAgain } from '../retry'
import type { World } from '../world'
import type { Line } from './line'
import { child, children, node, type Node } from './node'
import { confirm, enqueue } from './queue'

const TOLD: Record<string, ReceiptType | undefined> = {
  '': 'delivered',
  inactive: 'delivered',
  read: 'read',
  played: 'played',
}

/** A companion says what became of messages it was given. */
export function hearReceipt(world: World, line: Line, stanza: Node): void {
  const { id = '', to, type = '' } = stanza.attrs
  const { phone, companion } = line
  const ids = [id, ...children(child(stanza, 'list'), 'item').map((item) => item.attrs.id ?? '')]
  line.send(node('ack', { class: 'receipt', id, from: to, type: stanza.attrs.type }))
  const target = world.locate(to)
  const author = target?.phone
  world.history.add('receipt-from-companion', {
    number: phone.number,
    device: companion.device,
    to: author?.number,
    ids,
    type,
  })
  if (type === 'retry') {
    if (!author) return
    if (target.device === 0) sendAgain(world, author, phone, companion, stanza)
    else passRetryOn(world, line, stanza)
    return
  }
  for (const each of ids) if (confirm(companion, 'message', each)) world.changed(phone)
  const told = TOLD[type]
  if (!told || !author || author === phone) return
  if (told === 'read') markSeen(line, author.number, ids)
  tick(world, author, phone, ids, told)
  for (const other of author.companions) {
    const from = jidOf(phone, phone.settings.addressing)
    enqueue(
      world,
      author,
      other,
      node(
        'receipt',
        { from, id, t: stanza.attrs.t ?? now(), type: told === 'delivered' ? undefined : told },
        stanza.content,
      ),
    )
  }
}

/** A companion confirms a receipt, notification or call, or refuses a message. */
export function hearAck(world: World, line: Line, stanza: Node): void {
  const { id = '', class: about = '', type, error } = stanza.attrs
  if (about === 'message') {
    world.history.add('refused-by-companion', { number: line.phone.number, device: line.companion.device, id, error })
  }
  if (confirm(line.companion, about, id, type)) world.changed(line.phone)
}

/** What the app read is read on the owner's phone too. */
function markSeen(line: Line, peer: string, ids: string[]): void {
  for (const id of ids) {
    const bubble = line.phone.chats.find(peer, id)
    if (bubble?.direction === 'in' && bubble.status === 'received') bubble.status = 'seen'
  }
}

/** One companion asks another account's companion: the server only carries it. */
function passRetryOn(world: World, line: Line, stanza: Node): void {
  const target = world.locate(stanza.attrs.to)
  const companion = target?.phone.companion(target.device)
  if (!target || !companion) return
  const from = jidOf(line.phone, line.phone.settings.addressing, line.companion.device)
  const { to: _to, ...attrs } = stanza.attrs
  enqueue(world, target.phone, companion, { ...stanza, attrs: { ...attrs, from, t: attrs.t ?? now() } })
}

function now(): string {
  return String(Math.floor(Date.now() / 1000))
}
