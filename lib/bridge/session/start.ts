import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { keepQrsRare } from './how-often'
import { judge, type SessionView } from './session'
import { showSession } from './show'
import { expressWish, refusedStart, startingAnew } from './wish'

/** Connects a stopped or failed session again, with the link it has. */
export async function startSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId },
): Promise<SessionView> {
  const session = await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'run_sessions',
    action: 'session.started',
    async decide(tx, session) {
      const verdict = judge('start', session.status)
      if (verdict === 'refuse') throw refusedStart(session)
      if (verdict === 'already') return null
      // Without a link, starting shows a code.
      if (!session.isLinked) await keepQrsRare(tx, session, ctx.clock.now())
      return startingAnew(ctx, session)
    },
  })
  return await showSession(ctx, ctx.db, session)
}
