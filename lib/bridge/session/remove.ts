import { eq, sql } from 'drizzle-orm'
import { sessions } from '@/db/schema/sessions'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { failQueuedMessages } from '../message/fail-messages'
import { describeSession } from '../message/message'
import { dropPairing } from './pairing'
import { expressWish } from './wish'

/**
 * Gone for everyone from this moment. The row stays, without a name and a priority that could be in the way, until a worker
 * has unlinked the device and erased it.
 */
export async function removeSession(ctx: BridgeContext, actor: Actor, input: { sessionId: SessionId }): Promise<void> {
  await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'manage_sessions',
    action: 'session.removed',
    async decide(tx, session) {
      await dropPairing(tx, session.id)
      await failQueuedMessages(tx, session.id, {
        code: 'session_not_found',
        message: `Not sent: ${describeSession(session)} was deleted. Choose another session, then send again.`,
      })
      const [lowest] = await tx
        .select({ priority: sql<number>`least(min(${sessions.priority}), 0) - 1` })
        .from(sessions)
        .where(eq(sessions.locationId, session.locationId))
      return {
        wanted: 'removed',
        wish: session.wish + 1,
        label: session.id,
        priority: lowest!.priority,
        codePhone: null,
        since: ctx.clock.now(),
      }
    },
  })
}
