import { and, eq, ne } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { contactSyncs } from '@/db/schema/contact-sync'
import type { SessionId } from '@/lib/ids'
import { notifySync } from './switch'

/** Something of ours is wrong with it: it stands still until a person begins anew. */
export async function failContactSync(tx: Transaction, sessionId: SessionId): Promise<void> {
  const [row] = await tx
    .update(contactSyncs)
    .set({ state: 'failed', isAtWork: false, problem: null })
    .where(and(eq(contactSyncs.sessionId, sessionId), ne(contactSyncs.state, 'off')))
    .returning({ locationId: contactSyncs.locationId })
  if (row) await notifySync(tx, { id: sessionId, locationId: row.locationId })
}
