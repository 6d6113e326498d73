import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { judge, type SessionView } from './session'
import { showSession } from './show'
import { expressWish, refusedStart, startingAnew } from './wish'

/** Hangs up and connects anew, with the link it has: what a person tries when a connection looks stuck. */
export async function restartSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId },
): Promise<SessionView> {
  const session = await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'run_sessions',
    action: 'session.restarted',
    async decide(_tx, session) {
      if (!session.isLinked || judge('start', session.status) === 'refuse') throw refusedStart(session)
      return startingAnew(ctx, session)
    },
  })
  return await showSession(ctx, ctx.db, session)
}
