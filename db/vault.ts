import { randomBytes } from 'node:crypto'
import { and, desc, eq, ne } from 'drizzle-orm'
import { openWith, sealWith, type Keyring } from '@/lib/seal'
import type { Database } from './client'
import { dataKeys } from './schema/sub-accounts'

/** Where a sealed value lives: opened anywhere else it fails. */
export interface Place {
  /** The sub-account, or the agency for an agency's token. */
  tenant: string
  table: string
  column: string
  row: string
}

/**
 * Envelope encryption: a data key per tenant, wrapped by a key that never enters the database. A sealed value is
 * `version (2 bytes) | nonce | tag | ciphertext`; its place and key version are authenticated with it.
 */
export interface Vault {
  /** A vault that seals and opens without waiting, for one tenant. */
  forTenant(tenant: string): Promise<TenantVault>
  seal(place: Place, plain: Buffer | string): Promise<Buffer>
  open(place: Place, sealed: Buffer): Promise<Buffer>
}

export interface TenantVault {
  seal(place: Omit<Place, 'tenant'>, plain: Buffer | string): Buffer
  /** Throws when the value was sealed under a key version made after this vault was opened, or elsewhere. */
  open(place: Omit<Place, 'tenant'>, sealed: Buffer): Buffer
}

/** Keys are read again after this, so that a tenant erased and installed anew is not sealed with keys that are gone. */
const rememberedMs = 600_000

export function createVault(db: Database, keyring: Keyring): Vault {
  const tenants = new Map<string, { keys: Promise<Map<number, Buffer>>; untilMs: number }>()

  async function load(tenant: string): Promise<Map<number, Buffer>> {
    const read = () => db.select().from(dataKeys).where(eq(dataKeys.tenant, tenant)).orderBy(desc(dataKeys.version))
    let rows = await read()
    if (rows.length === 0) {
      const wrapping = keyring.keys.get(keyring.current)!
      const wrapped = sealWith(wrapping, randomBytes(32), wrapAad(tenant, 1, keyring.current))
      await db.insert(dataKeys).values({ tenant, version: 1, kid: keyring.current, wrapped }).onConflictDoNothing()
      rows = await read()
    }
    return new Map(rows.map((row) => [row.version, unwrap(keyring, row)]))
  }

  function keysOf(tenant: string): Promise<Map<number, Buffer>> {
    const known = tenants.get(tenant)
    if (known && known.untilMs > performance.now()) return known.keys
    const keys = load(tenant)
    tenants.set(tenant, { keys, untilMs: performance.now() + rememberedMs })
    keys.catch(() => tenants.delete(tenant))
    return keys
  }

  const vault: Vault = {
    async forTenant(tenant) {
      const keys = await keysOf(tenant)
      return {
        seal(place, plain) {
          const version = Math.max(...keys.keys())
          const head = Buffer.alloc(2)
          head.writeUInt16BE(version)
          const body = typeof plain === 'string' ? Buffer.from(plain) : plain
          return Buffer.concat([head, sealWith(keys.get(version)!, body, placeAad({ tenant, ...place }, version))])
        },
        open(place, sealed) {
          const version = sealed.readUInt16BE(0)
          const key = keys.get(version)
          if (!key) throw new Error(`no data key of version ${version} for tenant ${tenant}`)
          return openWith(key, sealed.subarray(2), placeAad({ tenant, ...place }, version))
        },
      }
    },
    async seal({ tenant, ...place }, plain) {
      return (await vault.forTenant(tenant)).seal(place, plain)
    },
    async open({ tenant, ...place }, sealed) {
      try {
        return (await vault.forTenant(tenant)).open(place, sealed)
      } catch (error) {
        // Another process may have made a newer key version since ours were read.
        if (!tenants.delete(tenant) || !/no data key of version/.test(String(error))) throw error
        return (await vault.forTenant(tenant)).open(place, sealed)
      }
    },
  }
  return vault
}

/**
 * Wraps all data keys by the first key, so that the others can be retired; what is sealed with them stays as it is. Interrupted,
 * it has done some of them, and all open. Answers how many it was.
 */
export async function rewrapDataKeys(db: Database, keyring: Keyring): Promise<number> {
  const { current: kid } = keyring
  const old = await db.select().from(dataKeys).where(ne(dataKeys.kid, kid))
  let count = 0
  for (const row of old) {
    const wrapped = sealWith(keyring.keys.get(kid)!, unwrap(keyring, row), wrapAad(row.tenant, row.version, kid))
    const same = and(eq(dataKeys.tenant, row.tenant), eq(dataKeys.version, row.version), eq(dataKeys.kid, row.kid))
    count += (await db.update(dataKeys).set({ kid, wrapped }).where(same).returning({ kid: dataKeys.kid })).length
  }
  return count
}

function unwrap(keyring: Keyring, { tenant, version, kid, wrapped }: typeof dataKeys.$inferSelect): Buffer {
  const wrapping = keyring.keys.get(kid)
  if (wrapping) return openWith(wrapping, wrapped, wrapAad(tenant, version, kid))
  const said = `data key of tenant ${tenant} is wrapped by key ${kid}, which is not in ENCRYPTION_KEYS`
  throw Object.assign(new Error(said), { code: `ENCRYPTION_KEYS lacks ${kid}` })
}

const wrapAad = (tenant: string, version: number, kid: string) => `data_keys|${tenant}|${version}|${kid}`
const placeAad = (place: Place, version: number) =>
  [place.table, place.column, place.tenant, place.row, version].join('|')
