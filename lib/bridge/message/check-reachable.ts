import { sql } from 'drizzle-orm'
import { inTransaction } from '@/db/transaction'
import type { Line } from '@/lib/channel/channel'
import type { Address, ChatId } from '@/lib/ids'
import { lockPerson } from '../contact/lock-person'
import type { BridgeContext } from '../context'
import type { Failure } from './message'
import type { LoadedPart } from './send-part'

const askAgainAfterMs = 30 * 24 * 3_600_000

export type Reached =
  | { outcome: 'reachable'; address: Address }
  | { outcome: 'unreachable'; failure: Failure }
  /** The network named an address we knew as somebody else: their chats are one now, and the part stands in the other lane. */
  | { outcome: 'moved' }

/** Asks the network, once in 30 days, whether it knows the person, and learns their addresses. Throws SendError. */
export async function checkReachable(
  ctx: BridgeContext,
  line: Line,
  part: LoadedPart,
  epoch: number,
): Promise<Reached> {
  const asked = part.checked_at ? new Date(part.checked_at).getTime() : 0
  const fresh = ctx.clock.now().getTime() - asked < askAgainAfterMs
  // In doubt means the network has taken the address before; asking again could only delay the second sending.
  if (part.state === 'sending' || !part.phone || (part.reachable === true && fresh)) {
    return { outcome: 'reachable', address: part.address }
  }
  const phone = part.phone
  const failure: Failure = {
    code: 'not_on_whatsapp',
    message: `Not sent: ${phone} is not on WhatsApp. Check the number of the contact.`,
  }
  if (part.reachable === false && fresh) return { outcome: 'unreachable', failure }

  const found = await line.lookUp(phone)
  return await inTransaction(ctx.db, async (tx): Promise<Reached> => {
    const fence = await tx.execute(sql`
      select 1 from leases where session_id = ${part.session_id} and epoch = ${epoch} for key share`)
    if (fence.length === 0) return { outcome: 'moved' }
    let chat: ChatId | null = part.chat_id
    if (found) {
      const person = await lockPerson(tx, {
        locationId: part.location_id,
        channel: 'whatsapp',
        addresses: found.aliases,
        contactId: null,
        phone,
        name: found.name,
        holding: `chat:${part.chat_id}`,
      })
      const [now] = await tx.execute<{ chat_id: ChatId }>(sql`select chat_id from parts where id = ${part.id}`)
      chat = now?.chat_id ?? null
      await tx.execute(sql`
        update chats set reachable = true, checked_at = now(), address = ${found.address}
        where session_id = ${part.session_id} and person_id = ${person.id}`)
    } else {
      await tx.execute(sql`update chats set reachable = false, checked_at = now() where id = ${part.chat_id}`)
    }
    if (!found) return { outcome: 'unreachable', failure }
    return chat === part.chat_id ? { outcome: 'reachable', address: found.address } : { outcome: 'moved' }
  })
}
