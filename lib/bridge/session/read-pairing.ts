import { and, eq, gt } from 'drizzle-orm'
import { pairings } from '@/db/schema/sessions'
import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession, requireAbility } from '../reach'
import { pairingPlace, type QrView } from './pairing'
import { describeStatus } from './session'

/** The QR a phone must scan now. */
export async function readQr(ctx: BridgeContext, actor: Actor, sessionId: SessionId): Promise<QrView> {
  const session = await reachSession(ctx.db, actor, sessionId)
  requireAbility(actor, 'link_sessions')
  const [pairing] =
    session.status === 'awaiting_link'
      ? await ctx.db
          .select()
          .from(pairings)
          .where(
            and(eq(pairings.sessionId, sessionId), eq(pairings.kind, 'qr'), gt(pairings.expiresAt, ctx.clock.now())),
          )
      : []
  if (!pairing)
    throw new BridgeError(
      'wrong_status',
      `There is no QR code now. ${describeStatus(session.status, session.reason)}`,
      {
        fields: { status: session.status },
      },
    )
  const text = await ctx.vault.open(pairingPlace(session.locationId, sessionId), pairing.textSealed)
  return { sessionId, qr: text.toString(), expiresAt: pairing.expiresAt.toISOString() }
}
