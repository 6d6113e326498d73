import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { judge, type SessionView } from './session'
import { showSession } from './show'
import { expressWish, startingAnew } from './wish'

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
      if (!session.isLinked || judge('start', session.status) === 'refuse')
        throw new BridgeError(
          'wrong_status',
          session.status === 'suspended'
            ? 'This session is suspended. It can be started once it is paid for.'
            : 'This session has no linked number. Link one by scanning the QR code.',
          { fields: { status: session.status } },
        )
      return startingAnew(ctx, session)
    },
  })
  return await showSession(ctx, ctx.db, session)
}
