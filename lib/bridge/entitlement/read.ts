import { and, count, eq, ne } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { entitlements } from '@/db/schema/entitlements'
import { sessions } from '@/db/schema/sessions'
import type { subAccounts } from '@/db/schema/sub-accounts'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSubAccount } from '../reach'
import { afterEnd } from './plan'
import { bannerOf, becauseOf, describeStanding, standingOf, type EntitlementState, type Standing } from './standing'

export interface EntitlementView {
  state: EntitlementState
  trialStartedAt: string | null
  trialEndsAt: string | null
  endsAt: string | null
  hearsUntil: string | null
  keptUntil: string | null
  maxSessions: number
  used: number
  banner: string | null
  detail: string
  because: 'number' | 'sub_account' | null
}

/** What the sub-account may use, and until when. */
export async function readEntitlement(
  ctx: BridgeContext,
  actor: Actor,
  locationId: LocationId,
): Promise<EntitlementView> {
  const { maxSessions } = await reachSubAccount(ctx.db, actor, locationId)
  return await viewEntitlement(ctx, ctx.db, { id: locationId, maxSessions })
}

export async function viewEntitlement(
  ctx: BridgeContext,
  tx: Queryable,
  { id, maxSessions }: Pick<typeof subAccounts.$inferSelect, 'id' | 'maxSessions'>,
): Promise<EntitlementView> {
  const now = ctx.clock.now()
  const { standing, row } = await readRow(ctx, tx, id)
  const after = afterEnd(standing, row, now)
  const [used] = await tx
    .select({ count: count() })
    .from(sessions)
    .where(and(eq(sessions.locationId, id), ne(sessions.wanted, 'removed')))
  return {
    state: standing.state,
    trialStartedAt: standing.trialStartedAt?.toISOString() ?? null,
    trialEndsAt: standing.trialEndsAt?.toISOString() ?? null,
    endsAt: standing.endsAt?.toISOString() ?? null,
    hearsUntil: after?.hearsUntil.toISOString() ?? null,
    keptUntil: after?.keptUntil.toISOString() ?? null,
    maxSessions,
    used: used!.count,
    banner: bannerOf(standing, now),
    detail: describeStanding(standing, now),
    because: becauseOf(standing),
  }
}

export async function readStanding(ctx: BridgeContext, tx: Queryable, locationId: LocationId): Promise<Standing> {
  return (await readRow(ctx, tx, locationId)).standing
}

async function readRow(ctx: BridgeContext, tx: Queryable, locationId: LocationId) {
  const [row = null] = await tx.select().from(entitlements).where(eq(entitlements.locationId, locationId))
  const paid = await ctx.entitlements.paidFor(tx, [locationId])
  return { row, standing: standingOf(row, paid.get(locationId) ?? null, ctx.clock.now()) }
}
