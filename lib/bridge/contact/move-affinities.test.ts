// Conversations that follow their number, with traffic at the same time, on a real database.
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { keptAffinities } from '@/db/schema/tags'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { addLine, freshNumber, type TestLine } from '../entitlement/test-line'
import { changeSession, type SessionChange } from '../session/change'
import { removeSession } from '../session/remove'
import { replaceNumber } from '../session/replace-number'
import { createTestWorld, type SubAccountFixture, type TestWorld } from '../test-world'

let world: TestWorld
let bakery: SubAccountFixture
let line: TestLine

beforeAll(async () => {
  world = await createTestWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  bakery = await world.subAccount()
  line = await addLine(world, bakery, 'Sales')
  await line.says('connected')
})

/** On this session, with tags nobody has to be told of. */
async function manyPeople(count: number) {
  await world.ctx.db.execute(sql`
    insert into people (id, location_id, affinity_session_id, affinity_set_by, affinity_set_at, affinity_locked)
    select gen_random_uuid(), ${bakery.id}, ${line.id}, 'inbound', now(), n % 10 = 0 from generate_series(1, ${count}) as n`)
}
async function where() {
  const [row] = await world.ctx.db.execute<{ on_sales: number; kept: number; nowhere: number; locked: number }>(sql`
    select (count(*) filter (where affinity_session_id = ${line.id}))::int as on_sales,
      (count(*) filter (where affinity_locked))::int as locked,
      (select count(*) from kept_affinities where location_id = ${bakery.id})::int as kept
    from people where location_id = ${bakery.id}`)
  return row!
}
const admin = () => bakery.person('location_admin')

/** Somebody's message: it locks the person, then the sessions, as all that is accepted does, once the other side waits for it. */
async function messageMeanwhile(work: () => Promise<unknown>): Promise<void> {
  const [last] = await world.ctx.db.execute<{ id: string }>(
    sql`select id from people where location_id = ${bakery.id} order by id desc limit 1`,
  )
  let running: Promise<unknown> = Promise.resolve()
  await world.ctx.db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from people where id = ${last!.id} for update`)
    running = work()
    running.catch(() => {})
    for (;;) {
      const [waits] = await world.ctx.db.execute(sql`
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
      if (waits) break
    }
    await tx.execute(sql`set local lock_timeout = '500ms'`)
    await tx.select().from(sessions).where(eq(sessions.id, line.id)).for('share')
  })
  await running
}

test('a number that is linked again takes its conversations along in steps, and holds no message up', async () => {
  await manyPeople(2_500)
  await line.says('logged_out', 'phone_unlinked')
  await replaceNumber(world.ctx, admin(), { sessionId: line.id })
  expect(await where()).toMatchObject({ on_sales: 0, kept: 2_500, locked: 0 })
  await messageMeanwhile(() => line.says('connected'))
  expect(await where()).toMatchObject({ on_sales: 2_500, kept: 0, locked: 250 })
})

test('what a crash left of them comes with the next connection', async () => {
  await manyPeople(10)
  const [one] = await world.ctx.db.select().from(people).where(eq(people.locationId, bakery.id)).limit(1)
  await world.ctx.db.update(people).set({ affinitySessionId: null }).where(eq(people.id, one!.id))
  const kept = { personId: one!.id, locationId: bakery.id, phone: line.phone, setAt: new Date(), locked: false }
  await world.ctx.db.insert(keptAffinities).values(kept)
  await line.says('reconnecting', 'network')
  await line.says('connected')
  expect(await where()).toMatchObject({ on_sales: 10, kept: 0 })
})

test('a deleted session leaves its conversations to its number in steps, and holds no message up', async () => {
  await manyPeople(2_500)
  await messageMeanwhile(() => removeSession(world.ctx, admin(), { sessionId: line.id }))
  expect(await where()).toMatchObject({ on_sales: 0, kept: 2_500, locked: 0 })
  const again = await addLine(world, bakery, 'Sales again', line.phone)
  await world.ctx.db.update(sessions).set({ isLinked: false }).where(eq(sessions.id, line.id))
  await again.says('connected')
  line = again
  expect(await where()).toMatchObject({ on_sales: 2_500, kept: 0, locked: 250 })
})

test('another account tag, tags pushed, and a deletion that takes its tag along hold no message up', async () => {
  await manyPeople(20)
  await world.ctx.db.update(sessions).set({ platform: 'business' }).where(eq(sessions.id, line.id))
  await world.ctx.db.execute(sql`
    insert into chats (id, location_id, session_id, person_id, address)
    select gen_random_uuid(), location_id, ${line.id}, id, id || '@s.whatsapp.net' from people where location_id = ${bakery.id}`)
  await world.ctx.db
    .update(people)
    .set({ tags: ['wa-account-other'] })
    .where(eq(people.locationId, bakery.id))
  const change = (to: SessionChange) => changeSession(world.ctx, admin(), { sessionId: line.id, change: to })
  await messageMeanwhile(() => change({ accountTag: 'wa-account-other' }))
  await messageMeanwhile(() => change({ pushTags: true }))
  await messageMeanwhile(() => change({ syncLabels: true }))
  await world.ctx.db.update(people).set({ affinitySessionId: null }).where(eq(people.locationId, bakery.id))
  await messageMeanwhile(() => removeSession(world.ctx, admin(), { sessionId: line.id, removeTags: true }))
  const [wished] = await world.ctx.db.execute(sql`
    select count(*)::int as count from tag_wishes where tag = 'wa-account-other' and not wanted`)
  expect(wished).toEqual({ count: 20 })
})

test('who may not delete a session moves nobody', async () => {
  await manyPeople(3)
  await expect(removeSession(world.ctx, bakery.person('location_user'), { sessionId: line.id })).rejects.toThrow()
  const other = await addLine(world, bakery, 'Other', freshNumber())
  await expect(replaceNumber(world.ctx, admin(), { sessionId: other.id })).rejects.toThrow()
  await expect(replaceNumber(world.ctx, admin(), { sessionId: line.id })).rejects.toThrow()
  expect(await where()).toMatchObject({ on_sales: 3, kept: 0 })
})
