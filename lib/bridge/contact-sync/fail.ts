import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { contactSyncs } from '@/db/schema/contact-sync'
import type { SessionId } from '@/lib/ids'
import { notifySync } from './switch'

/** Something of ours is wrong with it: what is left of it waits for a person to begin anew, or for the next change on the phone. One turned off meanwhile stays off. */
export async function failContactSync(tx: Transaction, sessionId: SessionId): Promise<void> {
  const [row] = await tx
    .update(contactSyncs)
    .set({
      state: sql`case when ${contactSyncs.state} = 'off' then 'off' else 'failed' end`,
      isAtWork: false,
      problem: null,
      finishedAt: sql`now()`,
    })
    .where(eq(contactSyncs.sessionId, sessionId))
    .returning({ locationId: contactSyncs.locationId })
  if (row) await notifySync(tx, { id: sessionId, locationId: row.locationId })
}
