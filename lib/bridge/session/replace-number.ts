import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import { keepAffinities, keepAffinitiesLeft } from '../contact/move-affinities'
import { leavePhone } from '../contact-sync/switch'
import type { Actor, BridgeContext } from '../context'
import { leaveLabels } from '../labels/switch'
import { reachSession, requireAbility, type SessionRow } from '../reach'
import { keepQrsRare } from './how-often'
import { dropPairing } from './pairing'
import type { SessionView } from './session'
import { showSession } from './show'
import { expressWish, startingAnew } from './wish'

/** Another number than the session had was scanned, and that is what the people want: the old one is forgotten. */
export async function replaceNumber(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId },
): Promise<SessionView> {
  const asked = await reachSession(ctx.db, actor, input.sessionId)
  requireAbility(actor, 'manage_sessions')
  refuseReplacing(asked)
  await keepAffinities(ctx, asked)
  const session = await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'manage_sessions',
    action: 'session.number_replaced',
    async decide(tx, session) {
      refuseReplacing(session)
      await keepQrsRare(tx, session, ctx.clock.now())
      await dropPairing(tx, session.id)
      await keepAffinitiesLeft(tx, session)
      await leavePhone(tx, session)
      await leaveLabels(ctx, tx, session)
      return {
        ...startingAnew(ctx, session),
        ...{ phone: null, aliases: [], pushName: null, platform: null, firstLinkedAt: null, codePhone: null },
      }
    },
  })
  return await showSession(ctx, ctx.db, session)
}

function refuseReplacing(session: SessionRow): void {
  if (!session.isLinked && session.status !== 'suspended' && session.phone !== null) return
  throw new BridgeError(
    'wrong_status',
    session.isLinked
      ? 'This session still has its number. Log it out before you link another one.'
      : 'This session has no number to replace. Link one by scanning the QR code.',
    { fields: { status: session.status } },
  )
}
