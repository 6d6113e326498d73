import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { inTransaction } from '@/db/transaction'
import { subAccounts } from '@/db/schema/sub-accounts'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { Owner } from '@/lib/highlevel/oauth'
import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { wakeLanes } from '@/lib/outbox/wake'
import type { ConnectContext } from './connect-context'
import { recordAgencyInstall, recordInstall, type InstallNews } from './record-install'
import { writeToken } from './stored-token'

export interface Installed {
  companyId: CompanyId
  /** The one sub-account a person of it installed into; null when an agency installed. */
  locationId: LocationId | null
  userId: UserId | null
}

/**
 * Trades the code of the CRM's callback for tokens and records where the app is installed. What is installed is what the
 * token says, whoever brought the code. An agency's sub-accounts get their own tokens when first needed, so this ends soon
 * however many there are. Throws CrmError; a used or foreign code is `unauthorised` or `refused`.
 */
export async function install(ctx: ConnectContext, input: { code: string }): Promise<Installed> {
  const grant = await ctx.oauth.exchangeCode(input.code)
  const now = ctx.clock.now()
  const owner: Owner =
    grant.locationId === null ? { kind: 'Company', id: grant.companyId } : { kind: 'Location', id: grant.locationId }
  const tenant = await ctx.vault.forTenant(owner.id)
  const back = await inTransaction(ctx.db, async (tx) => {
    if (owner.kind === 'Company') await recordAgencyInstall(tx, owner.id, now)
    const back = await recordAll(
      tx,
      (owner.kind === 'Company' ? grant.approvedLocations : [owner.id]).map((locationId) => ({
        ...{ locationId, companyId: grant.companyId, at: now, isAuthorised: true },
      })),
    )
    await writeToken(tx, tenant, owner, grant, now)
    return back
  })
  ctx.tokens.forget(owner)
  await wakeAll(ctx, back)
  ctx.log.info(
    { companyId: grant.companyId, ...(grant.locationId ? { locationId: grant.locationId } : {}) },
    'installed',
  )

  // The list and the name only complete what is stored already; without them the sub-account works.
  try {
    if (owner.kind === 'Company') await recordListed(ctx, owner.id)
    else await readName(ctx, owner.id)
  } catch (error) {
    if (!(error instanceof CrmError)) throw error
    ctx.log.warn(
      { companyId: grant.companyId, reason: error.kind },
      'installed, but the CRM could not be asked for more',
    )
  }
  return { companyId: grant.companyId, locationId: grant.locationId, userId: grant.userId }
}

/** Records the sub-accounts the agency's list names. The list may be incomplete, so nothing is concluded from absence. */
async function recordListed(ctx: ConnectContext, companyId: CompanyId): Promise<void> {
  const locations = await ctx.oauth.installedLocations(await ctx.tokens.agencyToken(companyId), companyId)
  const now = ctx.clock.now()
  const back = await inTransaction(ctx.db, (tx) =>
    recordAll(
      tx,
      // With its own time, because a list that lags must not bring back what was uninstalled since.
      locations.map(({ id, name, installedAt }) => ({
        ...{ locationId: id, companyId, name, at: installedAt ?? now, isAuthorised: true },
      })),
    ),
  )
  await wakeAll(ctx, back)
}

/** Answers those the CRM lets us act for again. */
async function recordAll(tx: Transaction, installs: readonly InstallNews[]): Promise<LocationId[]> {
  const back: LocationId[] = []
  for (const install of installs) if (await recordInstall(tx, install)) back.push(install.locationId)
  return back
}

/** Not in the transaction that stores what the CRM gave: PostgreSQL may end one that waits for lanes, and a code is good once. */
async function wakeAll(ctx: ConnectContext, locationIds: readonly LocationId[]): Promise<void> {
  for (const id of locationIds) await inTransaction(ctx.db, (tx) => wakeLanes(tx, id))
}

export async function readName(ctx: ConnectContext, locationId: LocationId): Promise<void> {
  const { name } = await ctx.highlevel.forSubAccount(locationId).getLocation()
  if (name) await ctx.db.update(subAccounts).set({ name }).where(eq(subAccounts.id, locationId))
}
