import { and, eq, gt, sql } from 'drizzle-orm'
import { parts } from '@/db/schema/messages'
import type { Prepared } from '@/lib/channel/channel'
import type { LocationId, RemoteId, SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { openPrepared } from './stored'

/** The bytes that left under an id, for a receiver that asks again within 14 days. */
export async function recallPart(
  ctx: BridgeContext,
  session: { id: SessionId; locationId: LocationId },
  remoteId: RemoteId,
): Promise<Prepared | null> {
  const [part] = await ctx.db
    .select({ id: parts.id, prepared: parts.preparedSealed })
    .from(parts)
    .where(
      and(
        eq(parts.sessionId, session.id),
        eq(parts.remoteId, remoteId),
        gt(parts.createdAt, sql`now() - interval '14 days'`),
      ),
    )
  if (!part?.prepared) return null
  return openPrepared(await ctx.vault.forTenant(session.locationId), part.id, part.prepared)
}
