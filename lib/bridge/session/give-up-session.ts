import { and, eq } from 'drizzle-orm'
import { notifyChange } from '@/db/notify'
import { leases, sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { OwnedSession } from '@/lib/channel/channel'
import { LostOwnership } from '@/lib/errors'
import type { BridgeContext } from '../context'

/** The device is unlinked (or could not be reached any more): a logged-out session rests, a removed one is erased with its keys. */
export async function giveUpSession(ctx: BridgeContext, owned: OwnedSession): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const [lease] = await tx
      .select({ id: leases.sessionId })
      .from(leases)
      .where(and(eq(leases.sessionId, owned.id), eq(leases.epoch, owned.epoch)))
      .for('key share')
    if (!lease) throw new LostOwnership(owned.id)
    const [session] = await tx
      .select({ wanted: sessions.wanted })
      .from(sessions)
      .where(eq(sessions.id, owned.id))
      .for('update')
    if (session?.wanted === 'removed') await tx.delete(sessions).where(eq(sessions.id, owned.id))
    else await tx.update(sessions).set({ isLinked: false, aliases: [] }).where(eq(sessions.id, owned.id))
    await notifyChange(tx, { locationId: owned.locationId, type: 'session', id: owned.id })
  })
}
