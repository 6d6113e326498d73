// What verb tests stand on: a database of their own, a clock they move, sub-accounts and people.
import { randomBytes, randomUUID } from 'node:crypto'
import { openDatabase } from '@/db/client'
import { subAccounts } from '@/db/schema/sub-accounts'
import { createTestDatabase } from '@/db/test-database'
import { createVault } from '@/db/vault'
import type { Clock } from '@/lib/clock'
import { systemClock } from '@/lib/clock'
import type { HighLevel } from '@/lib/highlevel/highlevel'
import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { silentLog } from '@/lib/log'
import { createMark, parseKeyring } from '@/lib/seal'
import type { Actor, BridgeContext, Role } from './context'
import { grantedByOperators } from './entitlement/entitlements'

export interface TestClock extends Clock {
  advance(ms: number): void
}

function createTestClock(): TestClock {
  let aheadMs = 0
  return {
    now: () => new Date(systemClock.now().getTime() + aheadMs),
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal),
    advance: (ms) => (aheadMs += ms),
  }
}

export interface TestWorld {
  ctx: BridgeContext & { clock: TestClock }
  url: string
  subAccount(options?: { companyId?: CompanyId; maxSessions?: number }): Promise<SubAccountFixture>
  close(): Promise<void>
}

export interface SubAccountFixture {
  id: LocationId
  companyId: CompanyId
  /** A signed-in person whose token was made in this sub-account. */
  person(role: Role): Extract<Actor, { kind: 'user' }>
}

export async function createTestWorld(highlevel?: HighLevel): Promise<TestWorld> {
  const database = await createTestDatabase()
  const { db, close } = openDatabase(database.url, { max: 10, name: 'test' })
  const clock = createTestClock()
  const unreachable: HighLevel = {
    forSubAccount: () => {
      throw new Error('this test has no CRM')
    },
  }
  const vault = createVault(db, parseKeyring(`test:${randomBytes(32).toString('base64')}`))
  return {
    ctx: {
      ...{ db, vault, clock, log: silentLog, highlevel: highlevel ?? unreachable },
      ...{ entitlements: grantedByOperators, mark: createMark('of the tests') },
    },
    url: database.url,
    async subAccount({ companyId = `co-${randomUUID()}` as CompanyId, maxSessions = 5 } = {}) {
      const id = `loc-${randomUUID()}` as LocationId
      await db.insert(subAccounts).values({ id, companyId, name: 'Bakery', maxSessions })
      return { id, companyId, person: (role) => personOf(role, companyId, role.startsWith('agency') ? null : id) }
    },
    async close() {
      await close()
      await database.drop()
    },
  }
}

function personOf(role: Role, companyId: CompanyId, locationId: LocationId | null) {
  return {
    kind: 'user' as const,
    userId: `user-${randomUUID()}` as UserId,
    name: 'Ana',
    email: 'ana@example.com',
    companyId,
    role,
    locationId,
    locationIds: null,
  }
}
