/**
 * Who pays for a sub-account. Its trial is ours to know, whoever pays afterwards; a payment provider takes the place of
 * `grantedByOperators` one day.
 */
import { inArray } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { grants } from '@/db/schema/entitlements'
import type { LocationId } from '@/lib/ids'

export interface Paid {
  from: Date
  /** Null: without end. May lie in the past. */
  until: Date | null
}

export interface Entitlements {
  /**
   * What is or was paid last, of those for whom anything ever was. Asked in the transaction that decides by it, so it reads our
   * database only.
   */
  paidFor(tx: Queryable, locationIds: readonly LocationId[]): Promise<Map<LocationId, Paid>>
}

/** Free for those whom an operator lets in, as long as they say. */
export const grantedByOperators: Entitlements = {
  async paidFor(tx, locationIds) {
    if (locationIds.length === 0) return new Map()
    const found = await tx
      .select()
      .from(grants)
      .where(inArray(grants.locationId, [...locationIds]))
    return new Map(found.map((grant) => [grant.locationId, { from: grant.grantedAt, until: grant.until }]))
  },
}
