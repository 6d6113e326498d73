import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { createTestWorld, type TestWorld } from '../test-world'
import { createSession } from './create'
import { giveLeaseBack, renewLeases, takeLeases } from './hold-lease'

const leaseMs = 600_000
let world: TestWorld
let crowd: DatabaseClient
beforeAll(async () => {
  world = await createTestWorld()
  crowd = openDatabase(world.url, { max: 64 })
  // Every connection is there before anybody runs; begun all at once, a slow machine would refuse some for taking too long.
  for (let count = 8; count <= 64; count += 8)
    await Promise.all(Array.from({ length: count }, () => crowd.db.execute(sql`select pg_sleep(0.2)`)))
  // And whoever is first is not done before the others have begun.
  await world.ctx.db.execute(sql`
    create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$`)
  await world.ctx.db.execute(sql`create trigger linger after update on leases for each row execute function linger()`)
})
afterAll(async () => {
  await crowd.close()
  await world.close()
})

test('of 64 workers that reach for one session at once exactly one has it, and nobody can afterwards', async () => {
  const bakery = await world.subAccount()
  for (let round = 1; round <= 2; round++) {
    const { id } = await createSession(world.ctx, bakery.person('location_admin'), {
      ...{ locationId: bakery.id, label: `Line ${round}`, channel: 'whatsapp' },
    })
    const reach = (owner: string) => takeLeases(crowd.db, owner, { leaseMs, limit: 10 })
    const workers = Array.from({ length: 64 }, (_, n) => `worker-${round}-${n}`)
    const winners = (await Promise.all(workers.map(reach))).flatMap((taken, n) =>
      taken.map((lease) => ({ ...lease, owner: workers[n]! })),
    )
    expect(winners).toMatchObject([{ id, epoch: 1 }])
    const [{ owner }] = winners as [(typeof winners)[0]]
    const rows = await world.ctx.db.execute(sql`select owner, epoch::int from leases where session_id = ${id}`)
    expect(rows).toEqual([{ owner, epoch: 1 }])
    expect(await reach('late')).toEqual([])
    const held = { sessionId: winners[0]!.id, epoch: 1 }
    expect(await renewLeases(crowd.db, 'late', [held], leaseMs)).toEqual(new Set())
    await giveLeaseBack(crowd.db, 'late', held)
    expect(await renewLeases(crowd.db, owner, [held], leaseMs)).toEqual(new Set([id]))
  }
})
