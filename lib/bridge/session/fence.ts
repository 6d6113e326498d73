import { and, eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { leases } from '@/db/schema/sessions'
import type { OwnedSession } from '@/lib/channel/channel'
import { LostOwnership } from '@/lib/errors'

/** Keeps the session's lease from moving on until the transaction ends. Throws LostOwnership when it has already. */
export async function fence(tx: Transaction, owned: Pick<OwnedSession, 'id' | 'epoch'>): Promise<void> {
  const held = await tx
    .select({ id: leases.sessionId })
    .from(leases)
    .where(and(eq(leases.sessionId, owned.id), eq(leases.epoch, owned.epoch)))
    .for('key share')
  if (held.length === 0) throw new LostOwnership(owned.id)
}
