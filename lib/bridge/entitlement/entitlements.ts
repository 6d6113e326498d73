/**
 * Who pays for a sub-account. Its trial is ours to know, whoever pays afterwards; a payment provider takes the place of
 * `grantedByOperators` one day.
 */
import { eq } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { grants } from '@/db/schema/entitlements'
import type { LocationId } from '@/lib/ids'

export interface Paid {
  from: Date
  /** Null: without end. May lie in the past. */
  until: Date | null
}

export interface Entitlements {
  /** What is or was paid last; null: nothing ever. Asked in the transaction that decides by it, so it reads our database only. */
  paidFor(tx: Queryable, locationId: LocationId): Promise<Paid | null>
}

/** Free for those whom an operator lets in, as long as they say. */
export const grantedByOperators: Entitlements = {
  async paidFor(tx, locationId) {
    const [grant] = await tx.select().from(grants).where(eq(grants.locationId, locationId))
    return grant ? { from: grant.grantedAt, until: grant.until } : null
  },
}
