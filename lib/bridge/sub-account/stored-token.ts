/** The row of a token, sealed and opened. Only the token store and the verbs of this folder read it. */
import { and, eq } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { tokens } from '@/db/schema/sub-accounts'
import type { TenantVault } from '@/db/vault'
import type { Owner } from '@/lib/highlevel/oauth'
import type { Grant } from '@/lib/highlevel/schemas'

export interface StoredToken {
  access: string
  refresh: string | null
  expiresAt: Date
  refreshAt: Date
}

export const ownerKey = (owner: Owner) => `${owner.kind}:${owner.id}`
const place = (owner: Owner, column: 'access_sealed' | 'refresh_sealed') => ({
  table: 'tokens',
  column,
  row: ownerKey(owner),
})
const isOwners = (owner: Owner) => and(eq(tokens.ownerKind, owner.kind), eq(tokens.ownerId, owner.id))

export async function readToken(
  tx: Queryable,
  vault: TenantVault,
  owner: Owner,
  options: { lock?: boolean } = {},
): Promise<StoredToken | null> {
  const query = tx.select().from(tokens).where(isOwners(owner))
  const [row] = await (options.lock ? query.for('update') : query)
  if (!row) return null
  return {
    access: vault.open(place(owner, 'access_sealed'), row.accessSealed).toString('utf8'),
    refresh: row.refreshSealed ? vault.open(place(owner, 'refresh_sealed'), row.refreshSealed).toString('utf8') : null,
    expiresAt: row.expiresAt,
    refreshAt: row.refreshAt,
  }
}

/** When a refresh is due, as a share of the lifetime. */
const refreshShare = 0.8

export async function writeToken(
  tx: Queryable,
  vault: TenantVault,
  owner: Owner,
  grant: Grant,
  now: Date,
): Promise<StoredToken> {
  const lifeMs = grant.expiresInSeconds * 1000
  const expiresAt = new Date(now.getTime() + lifeMs)
  const refreshAt = new Date(now.getTime() + lifeMs * refreshShare)
  const sealed = {
    accessSealed: vault.seal(place(owner, 'access_sealed'), grant.accessToken),
    refreshSealed: grant.refreshToken ? vault.seal(place(owner, 'refresh_sealed'), grant.refreshToken) : null,
    expiresAt,
    refreshAt,
    updatedAt: now,
  }
  await tx
    .insert(tokens)
    .values({ ownerKind: owner.kind, ownerId: owner.id, ...sealed })
    .onConflictDoUpdate({ target: [tokens.ownerKind, tokens.ownerId], set: sealed })
  return { access: grant.accessToken, refresh: grant.refreshToken, expiresAt, refreshAt }
}

export async function hasToken(tx: Queryable, owner: Owner): Promise<boolean> {
  const rows = await tx.select({ kind: tokens.ownerKind }).from(tokens).where(isOwners(owner))
  return rows.length > 0
}

export async function eraseToken(tx: Queryable, owner: Owner): Promise<void> {
  await tx.delete(tokens).where(isOwners(owner))
}
