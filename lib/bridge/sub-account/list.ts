import { and, asc, inArray, isNotNull, ne, sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { sessions } from '@/db/schema/sessions'
import { crmBudgets, subAccounts } from '@/db/schema/sub-accounts'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { pageOf, parseCursor, type Page, type PageRequest } from '../paging'
import { personOf, reachSubAccount, withinReach, type SubAccountRow } from '../reach'

export interface SubAccountView {
  id: string
  name: string
  companyId: string
  status: 'active' | 'needs_reauth' | 'suspended' | 'uninstalled'
  maxSessions: number
  /** `attention`: a person must do something. */
  sessions: { total: number; connected: number; attention: number }
  installedAt: string
  /** Since when the CRM fails at what it is asked for this sub-account; null while it answers. */
  crmFailingSince: string | null
}

/** The sub-accounts the actor may see, by name. */
export async function listSubAccounts(
  ctx: BridgeContext,
  actor: Actor,
  input: PageRequest,
): Promise<Page<SubAccountView>> {
  const after = input.cursor === undefined ? null : parseCursor(input.cursor, ['string', 'string'])
  const byName = sql`lower(${subAccounts.name})`
  const rows = await ctx.db
    .select()
    .from(subAccounts)
    .where(
      and(
        withinReach(personOf(actor)),
        after ? sql`(${byName}, ${subAccounts.id}) > (${String(after[0])}, ${String(after[1])})` : undefined,
      ),
    )
    .orderBy(asc(byName), asc(subAccounts.id))
    .limit(input.limit + 1)
  const ids = rows.map((row) => row.id)
  const [counts, failing] = await Promise.all([countSessions(ctx.db, ids), failingSince(ctx.db, ids)])
  return pageOf(
    rows,
    input.limit,
    (row) => viewSubAccount(row, counts.get(row.id), failing.get(row.id)),
    (row) => [row.name.toLowerCase(), row.id],
  )
}

export async function readSubAccount(
  ctx: BridgeContext,
  actor: Actor,
  locationId: LocationId,
): Promise<SubAccountView> {
  const row = await reachSubAccount(ctx.db, actor, locationId)
  const [counts, failing] = await Promise.all([countSessions(ctx.db, [row.id]), failingSince(ctx.db, [row.id])])
  return viewSubAccount(row, counts.get(row.id), failing.get(row.id))
}

type Counts = SubAccountView['sessions']

async function countSessions(tx: Queryable, ids: LocationId[]): Promise<Map<LocationId, Counts>> {
  if (ids.length === 0) return new Map()
  const rows = await tx
    .select({
      locationId: sessions.locationId,
      total: sql<number>`count(*)::int`,
      connected: sql<number>`(count(*) filter (where ${sessions.status} = 'connected'))::int`,
      attention: sql<number>`(count(*) filter (where ${sessions.status} in ('logged_out', 'banned', 'failed', 'suspended')))::int`,
    })
    .from(sessions)
    .where(and(inArray(sessions.locationId, ids), ne(sessions.wanted, 'removed')))
    .groupBy(sessions.locationId)
  return new Map(rows.map(({ locationId, ...counts }) => [locationId, counts]))
}

async function failingSince(tx: Queryable, ids: LocationId[]): Promise<Map<LocationId, Date>> {
  if (ids.length === 0) return new Map()
  const rows = await tx
    .select({ locationId: crmBudgets.locationId, since: crmBudgets.failingSince })
    .from(crmBudgets)
    .where(and(inArray(crmBudgets.locationId, ids), isNotNull(crmBudgets.failingSince)))
  return new Map(rows.flatMap(({ locationId, since }) => (since ? [[locationId, since] as const] : [])))
}

function viewSubAccount(row: SubAccountRow, counts: Counts | undefined, failing: Date | undefined): SubAccountView {
  return {
    id: row.id,
    name: row.name,
    companyId: row.companyId,
    status: row.status,
    maxSessions: row.maxSessions,
    sessions: counts ?? { total: 0, connected: 0, attention: 0 },
    installedAt: row.installedAt.toISOString(),
    crmFailingSince: failing?.toISOString() ?? null,
  }
}
