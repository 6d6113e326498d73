import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyJob } from '@/db/notify'
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

export interface GrantInput {
  locationId: LocationId
  /** Null: without end. */
  until: Date | null
  maxSessions?: number | undefined
}

/** What a command on the server has, which knows no secrets; a worker does the rest. */
export type GrantContext = Pick<BridgeContext, 'db' | 'clock'>

/** An operator lets a sub-account use its sessions, as many as they say, without payment. What was suspended goes on. */
export async function grantSessions(ctx: BridgeContext, input: GrantInput): Promise<EntitlementView> {
  const { locationId } = input
  return await inTransaction(ctx.db, async (tx) => {
    const { maxSessions } = await recordGrant(tx, ctx, input)
    await settleEntitlement(tx, ctx, locationId, { announce: true })
    return await viewEntitlement(ctx, tx, { id: locationId, maxSessions })
  })
}

/** The same where a worker is to see to what follows. */
export async function grantSoon(ctx: GrantContext, input: GrantInput): Promise<{ name: string; maxSessions: number }> {
  return await inTransaction(ctx.db, async (tx) => {
    const granted = await recordGrant(tx, ctx, input)
    await settleSoon(tx, input.locationId)
    return granted
  })
}

/** It ends now; a trial that is still running goes on. */
export async function revokeGrant(ctx: BridgeContext, input: { locationId: LocationId }): Promise<EntitlementView> {
  const { locationId } = input
  return await inTransaction(ctx.db, async (tx) => {
    const { maxSessions, isChanged } = await recordRevocation(tx, ctx, locationId)
    if (isChanged) await settleEntitlement(tx, ctx, locationId, { announce: true })
    return await viewEntitlement(ctx, tx, { id: locationId, maxSessions })
  })
}

/** The same where a worker is to see to what follows. */
export async function revokeSoon(
  ctx: GrantContext,
  input: { locationId: LocationId },
): Promise<{ name: string; isChanged: boolean }> {
  return await inTransaction(ctx.db, async (tx) => {
    const revoked = await recordRevocation(tx, ctx, input.locationId)
    if (revoked.isChanged) await settleSoon(tx, input.locationId)
    return revoked
  })
}

async function recordGrant(tx: Transaction, ctx: GrantContext, input: GrantInput) {
  const { locationId, until, maxSessions } = input
  const now = ctx.clock.now()
  if (until && until <= now)
    throw new BridgeError('bad_request', 'Give a time in the future, or null for no end.', {
      fields: { until: 'in the past' },
    })
  const before = await lockSubAccount(tx, locationId)
  const grant = { grantedAt: now, until }
  await tx
    .insert(grants)
    .values({ locationId, ...grant })
    .onConflictDoUpdate({ target: grants.locationId, set: grant })
  if (maxSessions !== undefined) await tx.update(subAccounts).set({ maxSessions }).where(eq(subAccounts.id, locationId))
  await audit(tx, ctx, operator, {
    ...{ locationId, action: 'entitlement.granted', subject: locationId },
    detail: {
      until: until?.toISOString() ?? null,
      maxSessions: { from: before.maxSessions, to: maxSessions ?? null },
    },
  })
  return { name: before.name, maxSessions: maxSessions ?? before.maxSessions }
}

async function recordRevocation(tx: Transaction, ctx: GrantContext, locationId: LocationId) {
  const now = ctx.clock.now()
  const { name, maxSessions } = await lockSubAccount(tx, locationId)
  const [grant] = await tx.select().from(grants).where(eq(grants.locationId, locationId))
  const isChanged = grant !== undefined && (grant.until === null || grant.until > now)
  if (isChanged) {
    await tx.update(grants).set({ until: now }).where(eq(grants.locationId, locationId))
    await audit(tx, ctx, operator, { locationId, action: 'entitlement.revoked', subject: locationId })
  }
  return { name, maxSessions, isChanged }
}

async function settleSoon(tx: Transaction, locationId: LocationId): Promise<void> {
  await notifyJob(tx, 'entitlements')
  await notifyChange(tx, { locationId, type: 'entitlement', id: locationId })
}

async function lockSubAccount(tx: Transaction, locationId: LocationId): Promise<typeof subAccounts.$inferSelect> {
  const [row] = await tx.select().from(subAccounts).where(eq(subAccounts.id, locationId)).for('no key update')
  if (!row || row.status === 'uninstalled')
    throw new BridgeError('not_found', 'There is no such sub-account, or the app is not installed in it.')
  return row
}
