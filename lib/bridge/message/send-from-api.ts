import type { MessageId, SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession, requireAbility } from '../reach'
import { acceptFromApi } from './accept-outbound'

/** A message written through our own API: explicitly on one session, so nothing else is tried when that one cannot send. */
export async function sendFromApi(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; to: string; text: string },
): Promise<{ id: MessageId }> {
  await reachSession(ctx.db, actor, input.sessionId)
  requireAbility(actor, 'send_messages')
  return await acceptFromApi(ctx, actor, input)
}
