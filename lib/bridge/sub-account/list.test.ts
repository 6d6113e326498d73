import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '@/db/client'
import { subAccounts } from '@/db/schema/sub-accounts'
import { rowsRead } from '@/db/test-steps'
import { orderedId, type CompanyId } from '@/lib/ids'
import type { Actor } from '../context'
import { firstIdAt } from '../message/since'
import { createSession } from '../session/create'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'
import { listSubAccounts, readSubAccount } from './list'
import { readOverview } from './overview'

let world: TestWorld

beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())

const idsOf = async (actor: Actor) =>
  (await listSubAccounts(world.ctx, actor, { limit: 50 })).items.map(({ id }) => id).sort()

it('an agency sees its own sub-accounts, its users those they were given, a sub-account itself', async () => {
  const companyId = 'agency-1' as CompanyId
  const [a, b, gone] = [
    await world.subAccount({ companyId }),
    await world.subAccount({ companyId }),
    await world.subAccount({ companyId }),
  ] as [SubAccountFixture, SubAccountFixture, SubAccountFixture]
  const stranger = await world.subAccount()
  await world.ctx.db.update(subAccounts).set({ status: 'uninstalled' }).where(eq(subAccounts.id, gone.id))
  expect(await idsOf(a.person('agency_admin'))).toEqual([a.id, b.id].sort())
  expect(await idsOf({ ...a.person('agency_user'), locationIds: [b.id, stranger.id] })).toEqual([b.id])
  expect(await idsOf({ ...a.person('agency_user'), locationIds: [] })).toEqual([])
  expect(await idsOf(b.person('location_user'))).toEqual([b.id])
  await expect(readSubAccount(world.ctx, a.person('agency_admin'), stranger.id)).rejects.toMatchObject({
    code: 'not_found',
  })
})

it('pages by name, counts sessions, and sums up', async () => {
  const companyId = 'agency-2' as CompanyId
  const names = ['beta', 'Alpha', 'alpha', 'Gamma', 'Élan']
  for (const name of names) {
    const { id } = await world.subAccount({ companyId })
    await world.ctx.db.update(subAccounts).set({ name }).where(eq(subAccounts.id, id))
  }
  const agency = (await world.subAccount({ companyId })).person('agency_admin')
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await listSubAccounts(world.ctx, agency, { limit: 2, cursor })
    seen.push(...page.items.map(({ name }) => name))
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  expect(seen.toSorted()).toEqual([...names, 'Bakery'].toSorted())

  const shop = await world.subAccount()
  const admin = shop.person('location_admin')
  await createSession(world.ctx, admin, { locationId: shop.id, label: 'Sales', channel: 'whatsapp' })
  expect(await readSubAccount(world.ctx, admin, shop.id)).toMatchObject({
    maxSessions: 5,
    crmFailingSince: null,
    sessions: { total: 1, connected: 0, attention: 0 },
  })
  expect(await readOverview(world.ctx, admin, shop.id)).toEqual({ sessions: { starting: 1 }, days: [] })
})

it('counts the days of the overview without reading what was before them', async () => {
  const shop = await world.subAccount()
  const admin = shop.person('location_admin')
  const { db } = world.ctx
  const old = firstIdAt(new Date('2026-01-01')).slice(0, 24)
  await db.execute(sql`
    insert into messages (id, location_id, direction, origin, body_sealed, status, occurred_at, created_at)
    select (${old} || lpad(n::text, 12, '0'))::uuid, ${shop.id}, 'inbound', 'person', ''::bytea, 'received', now(), '2026-01-01'::timestamptz
    from generate_series(1, 5000) n union all
    select ${orderedId()}::uuid, ${shop.id}, 'inbound', 'person', '', 'received', now(), now()`)
  await db.execute(sql`analyze messages`)
  await db.transaction(async (tx) => {
    const before = await rowsRead(tx, 'messages')
    const { days } = await readOverview({ ...world.ctx, db: tx as unknown as Database }, admin, shop.id)
    expect(days).toMatchObject([{ inbound: 1 }])
    expect((await rowsRead(tx, 'messages')) - before).toBeLessThan(100)
  })
})
