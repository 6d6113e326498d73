import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession } from '../reach'
import { viewSession, type SessionView } from './session'

export async function readSession(ctx: BridgeContext, actor: Actor, sessionId: SessionId): Promise<SessionView> {
  return viewSession(await reachSession(ctx.db, actor, sessionId))
}
