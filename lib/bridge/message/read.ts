import { eq } from 'drizzle-orm'
import { messages } from '@/db/schema/messages'
import { BridgeError } from '@/lib/errors'
import type { MessageId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { isUuid, reachSubAccount } from '../reach'
import { selectMessages, viewMessages, type MessageView } from './view'

export async function readMessage(ctx: BridgeContext, actor: Actor, messageId: MessageId): Promise<MessageView> {
  const missing = new BridgeError('not_found', 'There is no such message.')
  const [row] = isUuid(messageId) ? await selectMessages(ctx.db, eq(messages.id, messageId)) : []
  if (!row) throw missing
  const { locationId } = row.message
  // Outside their reach is answered in the same words as not there at all.
  await reachSubAccount(ctx.db, actor, locationId).catch((error: unknown) => {
    throw error instanceof BridgeError && error.code === 'not_found' ? missing : error
  })
  const [view] = await viewMessages(ctx, actor, locationId, [row])
  return view!
}
