import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { agencies, subAccounts } from '@/db/schema/sub-accounts'
import type { CompanyId, LocationId } from '@/lib/ids'

export interface InstallNews {
  locationId: LocationId
  /** Null when the CRM did not say and nobody found out yet. */
  companyId: CompanyId | null
  name?: string
  /** When it was installed; an older news than what we know of its uninstall changes nothing. */
  at: Date
  /** We hold what it takes to act for it. Else it waits for its authorisation. */
  isAuthorised: boolean
}

/** Nobody told us yet whose sub-account it is. */
export const unknownCompany = '' as CompanyId

/**
 * A sub-account has the app. Told by a finished authorisation, by the agency's list or by an INSTALL event, in any order and
 * more than once. Never takes an authorisation away. Answers whether one was given back, so that what waited for it can go on.
 */
export async function recordInstall(tx: Transaction, news: InstallNews): Promise<boolean> {
  const at = news.at.toISOString()
  const [before] = await tx
    .select({ status: subAccounts.status })
    .from(subAccounts)
    .where(eq(subAccounts.id, news.locationId))
    .for('no key update')
  const [after] = await tx
    .insert(subAccounts)
    .values({
      id: news.locationId,
      companyId: news.companyId ?? unknownCompany,
      name: news.name ?? '',
      status: news.isAuthorised ? 'active' : 'needs_reauth',
      installedAt: news.at,
    })
    .onConflictDoUpdate({
      target: subAccounts.id,
      set: {
        companyId: sql`case when excluded.company_id <> '' then excluded.company_id else ${subAccounts.companyId} end`,
        name: sql`case when excluded.name <> '' then excluded.name else ${subAccounts.name} end`,
        status: news.isAuthorised
          ? 'active'
          : sql`case when ${subAccounts.status} = 'uninstalled' then 'needs_reauth' else ${subAccounts.status} end`,
        installedAt: sql`greatest(${subAccounts.installedAt}, ${at}::timestamptz)`,
        uninstalledAt: null,
      },
      setWhere: sql`${subAccounts.uninstalledAt} is null or ${subAccounts.uninstalledAt} <= ${at}::timestamptz`,
    })
    .returning({ status: subAccounts.status })
  return before !== undefined && before.status !== 'active' && after?.status === 'active'
}

export async function recordAgencyInstall(tx: Transaction, companyId: CompanyId, at: Date): Promise<void> {
  await tx
    .insert(agencies)
    .values({ id: companyId, installedAt: at })
    .onConflictDoUpdate({
      target: agencies.id,
      set: { status: 'active', installedAt: at, uninstalledAt: null },
    })
}
