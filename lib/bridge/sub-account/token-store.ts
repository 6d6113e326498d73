import { and, eq, ne, sql } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'
import { agencies, subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import type { TenantVault, Vault } from '@/db/vault'
import type { Clock } from '@/lib/clock'
import { CrmError, type CrmErrorKind, type TokenSource } from '@/lib/highlevel/highlevel'
import type { OAuth, Owner } from '@/lib/highlevel/oauth'
import type { Grant } from '@/lib/highlevel/schemas'
import type { CompanyId, LocationId } from '@/lib/ids'
import type { Log } from '@/lib/log'
import { wakeLanes } from '@/lib/outbox/wake'
import { eraseToken, hasToken, ownerKey, readToken, writeToken, type StoredToken } from './stored-token'

/**
 * Access tokens of sub-accounts and agencies. A refresh token works once, so it is used under the lock of its row, and the
 * pair that comes back is stored in the same transaction: of all processes that find a token stale, one asks the CRM.
 */
export interface TokenStore extends TokenSource {
  agencyToken(companyId: CompanyId): Promise<string>
  /** Asks the CRM again for a sub-account that was suspended; throws what it answers. */
  probe(locationId: LocationId): Promise<void>
  /** Drops what this process remembers of an owner; others do within half a minute. */
  forget(owner: Owner): void
}

export interface TokenStoreOptions {
  db: Database
  vault: Vault
  oauth: OAuth
  clock: Clock
  log: Log
  /** Named crash points of the fault suite; nothing in production. */
  reach?: (point: 'after_token_response') => Promise<void> | void
}

/** A token is handed out while it is good for at least this long. */
const marginMs = 60_000
/** How long a process trusts its memory: a token erased by an uninstall elsewhere is used no longer than this. */
const memoryMs = 30_000

export function createTokenStore(options: TokenStoreOptions): TokenStore {
  const { db, vault, oauth, clock, log } = options
  const memory = new Map<string, { token: StoredToken; untilMs: number }>()
  const flights = new Map<string, Promise<string>>()

  const isGood = (token: StoredToken) => token.expiresAt.getTime() - clock.now().getTime() > marginMs
  const isFresh = (token: StoredToken) => isGood(token) && token.refreshAt > clock.now()

  function remember(owner: Owner, token: StoredToken): string {
    memory.set(ownerKey(owner), { token, untilMs: clock.monotonicMs() + memoryMs })
    return token.access
  }

  /** One flight per owner and process: the pool's connections must not all wait for one row. */
  async function tokenOf(owner: Owner, refused: string | null, isProbe = false): Promise<string> {
    const key = ownerKey(owner)
    const known = memory.get(key)
    if (
      known &&
      known.token.access !== refused &&
      known.untilMs > clock.monotonicMs() &&
      isGood(known.token) &&
      !isProbe
    )
      return known.token.access
    const joined = flights.get(key)
    if (joined) {
      const token = await joined
      if (token !== refused) return token
    }
    const flight =
      flights.get(key) ??
      renewIfStale(owner, refused, isProbe).finally(() => flights.get(key) === flight && flights.delete(key))
    flights.set(key, flight)
    return await flight
  }

  async function renewIfStale(owner: Owner, refused: string | null, isProbe: boolean): Promise<string> {
    // Loaded before the transaction opens: inside, it would need a second connection of the pool.
    const tenant = await vault.forTenant(owner.id)
    const stored = await readToken(db, tenant, owner)
    if (stored && stored.access !== refused && isFresh(stored) && !isProbe) {
      await assertInstalled(owner)
      return remember(owner, stored)
    }
    const status = await statusOf(owner)
    if (status.word === 'suspended' && !isProbe) throw failure('suspended', owner)
    const agency = owner.kind === 'Location' ? await agencyAccess(status.companyId) : null
    if (status.word === 'needs_reauth' && !(agency && !stored) && !isProbe) throw failure('unauthorised', owner)
    try {
      return await renew(owner, tenant, refused, isProbe, agency)
    } catch (error) {
      if (!agency || !(error instanceof AgencyTokenRefused)) throw error
      const replaced = await tokenOf({ kind: 'Company', id: agency.companyId }, agency.token)
      return await renew(owner, tenant, refused, isProbe, { ...agency, token: replaced, isReplaced: true })
    }
  }

  async function renew(
    owner: Owner,
    tenant: TenantVault,
    refused: string | null,
    isProbe: boolean,
    agency: AgencyAccess | null,
  ): Promise<string> {
    let isBack = false
    const outcome = await db.transaction(async (tx): Promise<StoredToken | CrmError> => {
      await takeTime(tx)
      const stored = await readToken(tx, tenant, owner, { lock: true })
      if (stored && stored.access !== refused && isFresh(stored) && !isProbe) return stored
      const usable = stored && stored.access !== refused && isGood(stored) && !isProbe ? stored : null
      let grant: Grant
      try {
        grant = await askForGrant(owner, stored, agency)
      } catch (error) {
        if (!(error instanceof CrmError) || error instanceof AgencyTokenRefused) throw error
        if (error.kind === 'suspended') return await lose(tx, owner, 'suspended', error)
        if (error.kind === 'unauthorised' || error.kind === 'refused')
          return await lose(tx, owner, 'needs_reauth', error)
        // The CRM cannot be asked now. If our refresh token was used up by a lost answer, the next attempt finds out.
        if (usable) return usable
        return new CrmError('try_later', error.message, { cause: error, ...retryAfter(error) })
      }
      await options.reach?.('after_token_response')
      const before = await regain(tx, owner)
      if (before === 'uninstalled') {
        await eraseToken(tx, owner)
        return failure('unauthorised', owner)
      }
      isBack = before !== 'active'
      return await writeToken(tx, tenant, owner, grant, clock.now())
    })
    if (outcome instanceof CrmError) throw outcome
    // Not in that transaction: PostgreSQL may end one that waits for lanes, and with it the pair that came back would be lost.
    if (isBack && owner.kind === 'Location') await inTransaction(db, (tx) => wakeLanes(tx, owner.id))
    return remember(owner, outcome)
  }

  async function askForGrant(owner: Owner, stored: StoredToken | null, agency: AgencyAccess | null): Promise<Grant> {
    if (owner.kind === 'Location' && agency) {
      try {
        return await oauth.mintLocationToken(agency.token, agency.companyId, owner.id)
      } catch (error) {
        if (!(error instanceof CrmError)) throw error
        if (error.status === 401 && !agency.isReplaced) throw new AgencyTokenRefused(error)
        if (error.kind !== 'unauthorised' && error.kind !== 'refused') throw error
        log.warn({ locationId: owner.id, status: error.status ?? error.kind }, 'the agency could not mint a token')
        if (!stored?.refresh) throw error
      }
    }
    try {
      if (!stored?.refresh) throw new CrmError('unauthorised', 'there is no refresh token')
      return await oauth.refresh(stored.refresh, owner.kind)
    } catch (error) {
      if (!(error instanceof CrmError) || error.kind !== 'unauthorised') throw error
      log.warn({ ...fieldsOf(owner) }, 'the refresh token is dead; asking for a new grant')
      return await oauth.reconnect(owner)
    }
  }

  async function agencyAccess(companyId: CompanyId | null): Promise<AgencyAccess | null> {
    if (!companyId) return null
    const owner: Owner = { kind: 'Company', id: companyId }
    if (!(await hasToken(db, owner))) return null
    try {
      return { companyId, token: await tokenOf(owner, null), isReplaced: false }
    } catch (error) {
      // The sub-account may still have a refresh token of its own.
      if (error instanceof CrmError && error.kind === 'unauthorised') return null
      throw error
    }
  }

  async function statusOf(owner: Owner): Promise<{ word: string; companyId: CompanyId | null }> {
    const [row] =
      owner.kind === 'Company'
        ? await db
            .select({ word: agencies.status, companyId: agencies.id })
            .from(agencies)
            .where(eq(agencies.id, owner.id))
        : await db
            .select({ word: subAccounts.status, companyId: subAccounts.companyId })
            .from(subAccounts)
            .where(eq(subAccounts.id, owner.id))
    if (!row || row.word === 'uninstalled') throw failure('unauthorised', owner)
    return row
  }

  async function assertInstalled(owner: Owner): Promise<void> {
    const { word } = await statusOf(owner)
    if (word === 'suspended') throw failure('suspended', owner)
  }

  async function lose(tx: Transaction, owner: Owner, word: 'needs_reauth' | 'suspended', cause: CrmError) {
    log.warn({ ...fieldsOf(owner), status: word, reason: cause.kind }, 'the CRM no longer lets us act')
    if (owner.kind === 'Location')
      await tx
        .update(subAccounts)
        .set({ status: word })
        .where(and(eq(subAccounts.id, owner.id), ne(subAccounts.status, 'uninstalled')))
    else
      await tx
        .update(agencies)
        .set({ status: 'needs_reauth' })
        .where(and(eq(agencies.id, owner.id), ne(agencies.status, 'uninstalled')))
    return failure(word === 'suspended' ? 'suspended' : 'unauthorised', owner, cause)
  }

  return {
    accessToken: (locationId) => tokenOf({ kind: 'Location', id: locationId }, null),
    replace: (locationId, refused) => tokenOf({ kind: 'Location', id: locationId }, refused),
    agencyToken: (companyId) => tokenOf({ kind: 'Company', id: companyId }, null),
    async probe(locationId) {
      await tokenOf({ kind: 'Location', id: locationId }, null, true)
    },
    forget: (owner) => void memory.delete(ownerKey(owner)),
  }
}

interface AgencyAccess {
  companyId: CompanyId
  token: string
  isReplaced: boolean
}

/** The agency's token died between being read and used; it is replaced outside the sub-account's transaction. */
class AgencyTokenRefused extends CrmError {
  constructor(cause: CrmError) {
    super('unauthorised', cause.message, { cause })
  }
}

/**
 * The CRM may take longer to answer than a transaction may last, and by then has used up the refresh token. First set to none:
 * PostgreSQL does not wind up anew a clock that runs. It knows the second from 17 on.
 */
async function takeTime(tx: Transaction): Promise<void> {
  await tx.execute(sql`
    select set_config(name, '0', true), set_config(name, '60s', true) from pg_settings
    where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')`)
}

/**
 * A new token means the CRM lets us act again; answers what the owner was before. `uninstalled` when that came while the CRM was
 * asked: an uninstall does not wait for this transaction, so what it could not erase must not be written again.
 */
async function regain(tx: Transaction, owner: Owner) {
  const table = owner.kind === 'Location' ? subAccounts : agencies
  const [row] = await tx.select({ status: table.status }).from(table).where(eq(table.id, owner.id)).for('share')
  if (!row || row.status === 'uninstalled') return 'uninstalled'
  if (row.status !== 'active') await tx.update(table).set({ status: 'active' }).where(eq(table.id, owner.id))
  return row.status
}

function failure(kind: CrmErrorKind, owner: Owner, cause?: CrmError): CrmError {
  const what = owner.kind === 'Location' ? 'this sub-account' : 'this agency'
  const why = kind === 'suspended' ? `the CRM has paused ${what}` : `${what} must be connected to the CRM again`
  return new CrmError(kind, why, cause ? { cause, ...(cause.status ? { status: cause.status } : {}) } : {})
}

const retryAfter = (error: CrmError) => (error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs })
const fieldsOf = (owner: Owner) => (owner.kind === 'Location' ? { locationId: owner.id } : { companyId: owner.id })
