import { and, eq, gt } from 'drizzle-orm'
import { pairings } from '@/db/schema/sessions'
import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession } from '../reach'
import { keepQrsRare } from './how-often'
import { dropPairing } from './pairing'
import { judge, type SessionView } from './session'
import { showSession } from './show'
import { untilTrue } from './until-true'
import { expressWish, refuseWhileBanned, startingAnew } from './wish'

/** Shows a code to scan. A code that is still good stays: a second tab must not take it from the person scanning. */
export async function linkSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId },
): Promise<SessionView> {
  await waitForUnlinking(ctx, actor, input.sessionId)
  const session = await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'link_sessions',
    action: 'session.link_asked',
    async decide(tx, session) {
      const verdict = judge('link', session.status)
      if (verdict === 'refuse')
        throw new BridgeError('wrong_status', 'This session is suspended. It can be linked once it is paid for.', {
          fields: { status: session.status },
        })
      if (verdict === 'already' && session.wanted === 'connected') return null
      if (session.status === 'awaiting_link') {
        const [live] = await tx
          .select({ kind: pairings.kind })
          .from(pairings)
          .where(and(eq(pairings.sessionId, session.id), gt(pairings.expiresAt, ctx.clock.now())))
        if (live?.kind === 'qr' && session.wanted === 'connected') return null
      }
      refuseWhileBanned(ctx, session)
      await keepQrsRare(tx, session, ctx.clock.now())
      await dropPairing(tx, session.id)
      return { ...startingAnew(ctx, session), codePhone: null }
    },
  })
  return await showSession(ctx, ctx.db, session)
}

/** A link given up a moment ago is undone by a worker first; starting over before that would bring it back. */
async function waitForUnlinking(ctx: BridgeContext, actor: Actor, sessionId: SessionId): Promise<void> {
  const unlinked = await untilTrue(ctx, 10_000, async () => {
    const session = await reachSession(ctx.db, actor, sessionId)
    return session.wanted !== 'unlinked' || !session.isLinked
  })
  if (!unlinked)
    throw new BridgeError('unavailable', 'The number is still being logged out. Try again in a few seconds.', {
      retryAfterSeconds: 5,
    })
}
