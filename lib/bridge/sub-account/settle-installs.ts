import { and, eq, gt, ne, or } from 'drizzle-orm'
import { agencies, subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'
import { wakeLanes } from '@/lib/outbox/wake'
import type { ConnectContext } from './connect-context'
import { readName } from './install'
import { recordInstall, unknownCompany } from './record-install'

/** Every agency is asked about a sub-account that came without one; not for ever. */
const searchForMs = 3_600_000

/**
 * Completes sub-accounts that an INSTALL event announced: finds the agency of those that came without one, mints their
 * first token, reads their name. Safe to run at any time and by several processes; what the CRM does not answer now is
 * left for the next run.
 */
export async function settleInstalls(ctx: ConnectContext): Promise<void> {
  const now = ctx.clock.now().getTime()
  const open = await ctx.db
    .select({ id: subAccounts.id, companyId: subAccounts.companyId, name: subAccounts.name })
    .from(subAccounts)
    .where(
      and(
        ne(subAccounts.status, 'uninstalled'),
        ne(subAccounts.status, 'suspended'),
        or(
          and(eq(subAccounts.companyId, unknownCompany), gt(subAccounts.installedAt, new Date(now - searchForMs))),
          and(ne(subAccounts.companyId, unknownCompany), eq(subAccounts.name, '')),
        ),
      ),
    )
    .limit(200)
  for (const one of open) {
    try {
      if (one.companyId === unknownCompany && !(await findAgency(ctx, one.id))) continue
      // Reading the name takes a token, so it mints one where an agency's allows it.
      if (one.name === '') await readName(ctx, one.id)
    } catch (error) {
      if (!(error instanceof CrmError)) throw error
      ctx.log.info({ locationId: one.id, reason: error.kind }, 'the install cannot be completed yet')
    }
  }
}

async function findAgency(ctx: ConnectContext, locationId: LocationId): Promise<boolean> {
  const candidates = await ctx.db.select({ id: agencies.id }).from(agencies).where(eq(agencies.status, 'active'))
  for (const { id: companyId } of candidates) {
    try {
      const token = await ctx.tokens.agencyToken(companyId)
      const listed = await ctx.oauth.installedLocations(token, companyId, { locationId })
      const found = listed.find((location) => location.id === locationId)
      if (!found) continue
      const at = found.installedAt ?? ctx.clock.now()
      await inTransaction(ctx.db, async (tx) => {
        const news = { locationId, companyId, name: found.name, at, isAuthorised: true }
        if (await recordInstall(tx, news)) await wakeLanes(tx, locationId)
      })
      return true
    } catch (error) {
      if (!(error instanceof CrmError)) throw error
    }
  }
  return false
}
