import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { below } from '../entitlement/overlay'
import { failQueuedMessages } from '../message/fail-messages'
import { describeSession } from '../message/message'
import type { SessionRow } from '../reach'
import { dropPairing } from './pairing'
import { judge, unlinkedStatus, type SessionView } from './session'
import { showSession } from './show'
import { expressWish } from './wish'

/**
 * Disconnects and keeps the link. It is stopped from this moment, whatever the worker still does: nothing more is sent, and
 * what waited fails now with the reason.
 */
export async function stopSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId },
): Promise<SessionView> {
  const session = await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'run_sessions',
    action: 'session.stopped',
    async decide(tx, session): Promise<Partial<SessionRow> | null> {
      if (judge('stop', below(session).status) === 'already')
        return session.wanted === 'connected' ? { wanted: 'closed' } : null
      await dropPairing(tx, session.id)
      await failQueuedMessages(tx, session.id, {
        code: 'session_stopped',
        message: `Not sent: ${describeSession(session)} was stopped. Start it in Sessions, then send again.`,
      })
      return {
        wanted: 'closed',
        // A link that was only being made is called off: there is nothing to start again.
        ...(session.isLinked
          ? { status: 'stopped' as const, reason: 'user_stop' }
          : { status: unlinkedStatus(session), reason: null }),
        attempt: 0,
        nextRetryAt: null,
        codePhone: null,
        since: ctx.clock.now(),
      }
    },
  })
  return await showSession(ctx, ctx.db, session)
}
