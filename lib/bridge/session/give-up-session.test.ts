import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allowSmallSteps } from '@/db/test-steps'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { giveUpSession } from './give-up-session'

let kit: BridgeKit
beforeAll(async () => {
  kit = await startBridgeKit()
})
afterAll(() => kit.close())

test('a session with a long history is erased in small steps, and its messages stay in the log', async () => {
  const { db } = kit.ctx
  const locationId = await kit.subAccount()
  const session = await kit.session(locationId, 1)
  await db.execute(sql`update sessions set wanted = 'removed' where id = ${session.id}`)
  await db.execute(sql`
    with them as (
      insert into people (id, location_id) select gen_random_uuid(), ${locationId} from generate_series(1, 3) returning id
    ),
    talk as (
      insert into chats (id, location_id, session_id, person_id, address)
      select gen_random_uuid(), ${locationId}, ${session.id}, id, id::text from them returning id
    ),
    lane as (
      insert into lanes (id, location_id, session_id) select 'chat:' || id, ${locationId}, ${session.id} from talk returning id
    ),
    work as (
      insert into deliveries (id, key, kind, lane_id, location_id, subject_id, state)
      select gen_random_uuid(), lane.id || n, 'send', lane.id, ${locationId}, gen_random_uuid(), 'done'
      from lane, generate_series(1, 1500) n
    ),
    said as (
      insert into messages (id, location_id, direction, origin, session_id, chat_id, body_sealed, status, occurred_at)
      select gen_random_uuid(), ${locationId}, 'outbound', 'crm', ${session.id}, talk.id, '', 'read', now()
      from talk, generate_series(1, 1500) returning id, chat_id
    )
    insert into parts (id, message_id, location_id, session_id, chat_id, seq, remote_id, content_sealed, state)
    select gen_random_uuid(), id, ${locationId}, ${session.id}, chat_id, row_number() over (), id::text, '', 'read' from said`)
  await allowSmallSteps(db, ['messages', 'parts', 'deliveries'], 2_000)
  await giveUpSession(kit.ctx, session, { confirmed: true })
  const [left] = await db.execute(sql`
    select (select count(*)::int from sessions) as sessions, (select count(*)::int from chats) as chats,
      (select count(*)::int from parts) as parts, (select count(*)::int from deliveries) as deliveries,
      (select count(*)::int from messages where session_id is null and chat_id is null) as messages`)
  expect(left).toEqual({ sessions: 0, chats: 0, parts: 0, deliveries: 0, messages: 4500 })
})

test('whoever goes on with an erasing that was cut off does not tell of a device that is gone', async () => {
  const { db } = kit.ctx
  const locationId = await kit.subAccount()
  const session = await kit.session(locationId, 1)
  await db.execute(sql`update sessions set wanted = 'removed' where id = ${session.id}`)
  await db.execute(sql`
    insert into messages (id, location_id, direction, origin, session_id, body_sealed, status, occurred_at)
    values (gen_random_uuid(), ${locationId}, 'outbound', 'crm', ${session.id}, '', 'read', now())`)
  await allowSmallSteps(db, ['messages'], 0)
  await expect(giveUpSession(kit.ctx, session, { confirmed: true })).rejects.toThrow()
  await allowSmallSteps(db, ['messages'], 2_000)
  // The device is gone, so nobody can confirm that again.
  await giveUpSession(kit.ctx, session, { confirmed: false })
  const told = await db.execute(sql`
    select kind from mails where location_id = ${locationId}
    union all select action from audit_entries where location_id = ${locationId}`)
  expect(told).toEqual([])
  expect(await db.execute(sql`select 1 from sessions where location_id = ${locationId}`)).toEqual([])
})
