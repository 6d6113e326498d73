import { jidOf } from './address'
import { advance, type BubbleStatus } from './chat'
import type { Phone } from './phone'
import type { World } from './world'
import { node } from './wire/node'
import { enqueue } from './wire/queue'

export type ReceiptType = 'delivered' | 'read' | 'played'

/** A phone tells the author of messages what became of them. The author's phone and its companions all hear it. */
export function sendReceipt(world: World, reader: Phone, author: Phone, ids: string[], type: ReceiptType): void {
  world.history.add('receipt-sent', { from: reader.number, to: author.number, ids, type })
  tick(world, author, reader, ids, type)
  const [first, ...others] = ids
  if (first === undefined) return
  const t = String(Math.floor(Date.now() / 1000))
  const list =
    others.length > 0
      ? [
          node(
            'list',
            {},
            others.map((id) => node('item', { id })),
          ),
        ]
      : undefined
  const wireType = type === 'delivered' ? undefined : type
  for (const companion of author.companions) {
    const from = jidOf(reader, reader.settings.addressing)
    enqueue(world, author, companion, node('receipt', { from, id: first, t, type: wireType }, list))
  }
  if (type !== 'read') return
  for (const companion of reader.companions) {
    const from = jidOf(reader, 'lid')
    const recipient = jidOf(author, author.settings.addressing)
    enqueue(world, reader, companion, node('receipt', { from, recipient, id: first, t, type: 'read-self' }, list))
  }
}

/** The ticks on the author's own phone. */
export function tick(world: World, author: Phone, reader: Phone, ids: string[], type: ReceiptType): void {
  const status: BubbleStatus = type
  let moved = false
  for (const id of ids) {
    const bubble = author.chats.find(reader.number, id)
    if (!bubble) author.keepEarlyTick(reader.number, id, status)
    else if (advance(bubble, status)) moved = true
  }
  if (moved) world.changed(author)
}
