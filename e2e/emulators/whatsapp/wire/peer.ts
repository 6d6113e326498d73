import { jidOf } from '../address'
import type { Companion } from '../companion'
import { encodeMessage, newMessageId, pad, type Message } from '../content'
import type { Phone } from '../phone'
import { encryptFor } from '../send'
import type { World } from '../world'
import { node } from './node'
import { enqueue } from './queue'

/** A message from the phone to one of its own devices about their account, not part of any chat. */
export async function sendPeer(world: World, phone: Phone, companion: Companion, message: Message): Promise<void> {
  const enc = await encryptFor(world, phone, phone, companion, pad(encodeMessage(message)))
  const attrs = {
    from: jidOf(phone, 'pn'),
    category: 'peer',
    id: newMessageId(),
    t: String(Math.floor(Date.now() / 1000)),
    type: 'text',
    push_priority: 'high',
  }
  enqueue(world, phone, companion, node('message', attrs, [enc]))
}
