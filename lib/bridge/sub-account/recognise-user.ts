import { and, eq, ne, or } from 'drizzle-orm'
import { agencies, subAccounts } from '@/db/schema/sub-accounts'
import { CrmError, orNull, type CrmUser } from '@/lib/highlevel/highlevel'
import type { CrmIdentity, CrmUserRecord } from '@/lib/highlevel/schemas'
import type { CompanyId, LocationId } from '@/lib/ids'
import type { Actor, Role } from '../context'
import type { ConnectContext } from './connect-context'
import { readUsers } from './read-users'
import { unknownCompany } from './record-install'

type User = Extract<Actor, { kind: 'user' }>

/** Who somebody claims to be and where; only the CRM's own records give rights. */
export type Claim = Pick<CrmIdentity, 'userId' | 'companyId' | 'locationId' | 'name' | 'email' | 'type'>

/**
 * Turns a claim into an actor, or null where the app is not installed. Rights are what the CRM says of this user now; one it
 * does not confirm, or cannot be asked about, has the least.
 */
export async function recogniseUser(ctx: ConnectContext, claim: Claim): Promise<User | null> {
  if (claim.locationId === null && claim.type !== 'agency') return null
  if (!(await isInstalled(ctx, claim.companyId, claim.locationId))) return null
  const record = await findUser(ctx, claim).catch((error: unknown) => {
    if (!(error instanceof CrmError)) throw error
    ctx.log.warn(
      { companyId: claim.companyId, reason: error.kind },
      'a user could not be confirmed and has the least rights',
    )
    return null
  })
  return actorOf(claim, record)
}

/**
 * What somebody who signed in a while ago may do now. `gone`: the CRM no longer has them there; `unanswered`: it cannot be
 * asked now.
 */
export async function confirmUser(ctx: ConnectContext, claim: Claim): Promise<User | 'gone' | 'unanswered'> {
  try {
    const record = await findUser(ctx, claim)
    return record ? actorOf(claim, record) : 'gone'
  } catch (error) {
    if (error instanceof CrmError) return 'unanswered'
    throw error
  }
}

/** Somebody nobody has confirmed for long. */
export function withLeastRights(user: User): User {
  return actorOf(user, null)
}

function actorOf(claim: Omit<Claim, 'type'>, record: CrmUserRecord | null): User {
  const role = roleOf(record, claim.locationId)
  return {
    kind: 'user',
    userId: claim.userId,
    name: record?.name || claim.name,
    email: record?.email ?? claim.email,
    companyId: claim.companyId,
    locationId: claim.locationId,
    role,
    locationIds: role === 'agency_user' ? (record?.locationIds ?? []) : null,
  }
}

function roleOf(record: CrmUserRecord | null, locationId: LocationId | null): Role {
  if (record?.type === 'agency') return record.role === 'admin' ? 'agency_admin' : 'agency_user'
  if (locationId === null) return 'agency_user'
  return record?.role === 'admin' ? 'location_admin' : 'location_user'
}

/** Lost authorisation or a suspension keeps the pages open, to say so; an uninstall closes them. */
export async function isInstalled(
  ctx: Pick<ConnectContext, 'db'>,
  companyId: CompanyId,
  locationId: LocationId | null,
): Promise<boolean> {
  const isOfAgency = or(eq(subAccounts.companyId, companyId), eq(subAccounts.companyId, unknownCompany))
  const installed = ne(subAccounts.status, 'uninstalled')
  if (locationId !== null) {
    const rows = await ctx.db
      .select({ id: subAccounts.id })
      .from(subAccounts)
      .where(and(eq(subAccounts.id, locationId), isOfAgency, installed))
    return rows.length > 0
  }
  const [agency] = await ctx.db.select({ status: agencies.status }).from(agencies).where(eq(agencies.id, companyId))
  if (agency && agency.status !== 'uninstalled') return true
  const rows = await ctx.db
    .select({ id: subAccounts.id })
    .from(subAccounts)
    .where(and(eq(subAccounts.companyId, companyId), installed))
    .limit(1)
  return rows.length > 0
}

async function findUser(ctx: ConnectContext, claim: Claim): Promise<CrmUserRecord | null> {
  const listed = claim.locationId && (await listUsers(ctx, claim.locationId)).find((user) => user.id === claim.userId)
  if (listed) return { ...listed, locationIds: [] }
  // A sub-account's list may leave out the agency's people.
  const found = await orNull(ctx.oauth.getUser(await tokenFor(ctx, claim), claim.userId))
  return found && isOf(found, claim.locationId) ? found : null
}

/** Somebody of another sub-account, whom an agency's token finds as well, is nobody here. */
function isOf(user: CrmUserRecord, locationId: LocationId | null): boolean {
  if (user.type === 'agency' || locationId === null || user.locationIds.length === 0) return true
  return user.locationIds.includes(locationId)
}

/** Messages may have used up what the sub-account may ask for now; a person at the door is then asked about directly. */
async function listUsers(ctx: ConnectContext, locationId: LocationId): Promise<CrmUser[]> {
  try {
    return await readUsers(ctx, locationId)
  } catch (error) {
    if (error instanceof CrmError && error.kind === 'try_later') return []
    throw error
  }
}

async function tokenFor(ctx: ConnectContext, { companyId, locationId }: Claim): Promise<string> {
  try {
    return await ctx.tokens.agencyToken(companyId)
  } catch (error) {
    if (!(error instanceof CrmError) || error.kind !== 'unauthorised' || locationId === null) throw error
    return await ctx.tokens.accessToken(locationId)
  }
}
