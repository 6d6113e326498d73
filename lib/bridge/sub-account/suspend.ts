import { and, eq } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { LocationId } from '@/lib/ids'

/** The CRM has paused this sub-account: nothing is asked for it until a probe finds it active. What arrives is kept. */
export async function suspendSubAccount(db: Database, locationId: LocationId): Promise<void> {
  await db
    .update(subAccounts)
    .set({ status: 'suspended' })
    .where(and(eq(subAccounts.id, locationId), eq(subAccounts.status, 'active')))
}
