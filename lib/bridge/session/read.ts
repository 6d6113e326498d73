import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession } from '../reach'
import type { SessionView } from './session'
import { showSession } from './show'

export async function readSession(ctx: BridgeContext, actor: Actor, sessionId: SessionId): Promise<SessionView> {
  return await showSession(ctx, ctx.db, await reachSession(ctx.db, actor, sessionId), actor)
}
