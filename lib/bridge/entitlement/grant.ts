import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { grants } from '@/db/schema/entitlements'
import { subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { LocationId } from '@/lib/ids'
import { audit } from '../audit'
import type { Actor, BridgeContext } from '../context'
import { viewEntitlement, type EntitlementView } from './read'
import { settleEntitlement } from './settle'

const operator: Actor = { kind: 'operator' }

/** An operator lets a sub-account use its sessions, as many as they say, without payment. What was suspended goes on. */
export async function grantSessions(
  ctx: BridgeContext,
  input: { locationId: LocationId; until: Date | null; maxSessions?: number | undefined },
): Promise<EntitlementView> {
  const { locationId, until, maxSessions } = input
  const now = ctx.clock.now()
  if (until && until <= now)
    throw new BridgeError('bad_request', 'Give a time in the future, or null for no end.', {
      fields: { until: 'in the past' },
    })
  return await inTransaction(ctx.db, async (tx) => {
    const before = await lockSubAccount(tx, locationId)
    const grant = { grantedAt: now, until }
    await tx
      .insert(grants)
      .values({ locationId, ...grant })
      .onConflictDoUpdate({ target: grants.locationId, set: grant })
    if (maxSessions !== undefined)
      await tx.update(subAccounts).set({ maxSessions }).where(eq(subAccounts.id, locationId))
    await audit(tx, ctx, operator, {
      ...{ locationId, action: 'entitlement.granted', subject: locationId },
      detail: {
        until: until?.toISOString() ?? null,
        maxSessions: { from: before.maxSessions, to: maxSessions ?? null },
      },
    })
    await settleEntitlement(tx, ctx, locationId, { announce: true })
    return await viewEntitlement(ctx, tx, { id: locationId, maxSessions: maxSessions ?? before.maxSessions })
  })
}

/** It ends now; a trial that is still running goes on. */
export async function revokeGrant(ctx: BridgeContext, input: { locationId: LocationId }): Promise<EntitlementView> {
  const { locationId } = input
  const now = ctx.clock.now()
  return await inTransaction(ctx.db, async (tx) => {
    const { maxSessions } = await lockSubAccount(tx, locationId)
    const [grant] = await tx.select().from(grants).where(eq(grants.locationId, locationId))
    if (grant && (grant.until === null || grant.until > now)) {
      await tx.update(grants).set({ until: now }).where(eq(grants.locationId, locationId))
      await audit(tx, ctx, operator, { locationId, action: 'entitlement.revoked', subject: locationId })
      await settleEntitlement(tx, ctx, locationId, { announce: true })
    }
    return await viewEntitlement(ctx, tx, { id: locationId, maxSessions })
  })
}

async function lockSubAccount(tx: Transaction, locationId: LocationId): Promise<typeof subAccounts.$inferSelect> {
  const [row] = await tx.select().from(subAccounts).where(eq(subAccounts.id, locationId)).for('no key update')
  if (!row || row.status === 'uninstalled')
    throw new BridgeError('not_found', 'There is no such sub-account, or the app is not installed in it.')
  return row
}
