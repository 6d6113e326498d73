import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { failQueuedMessages } from '../message/fail-messages'
import { describeSession } from '../message/message'
import { dropPairing } from './pairing'
import { unlinkedStatus, type SessionView } from './session'
import { showSession } from './show'
import { expressWish } from './wish'

/** Unlinks the device at the network and keeps the session with its name and priority. */
export async function logoutSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId },
): Promise<SessionView> {
  const session = await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'manage_sessions',
    action: 'session.logged_out',
    async decide(tx, session) {
      if (session.wanted === 'unlinked') return null
      await dropPairing(tx, session.id)
      await failQueuedMessages(tx, session.id, {
        code: 'session_down',
        message: `Not sent: ${describeSession(session)} is logged out. Re-scan it in Sessions, then send again.`,
      })
      return {
        wanted: 'unlinked',
        status: unlinkedStatus(session),
        reason: 'user_logout',
        attempt: 0,
        // A ban outlasts a log-out: the number is not to be linked before its time either.
        nextRetryAt: session.status === 'banned' ? session.nextRetryAt : null,
        codePhone: null,
        since: ctx.clock.now(),
      }
    },
  })
  return await showSession(ctx, ctx.db, session)
}
