import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rowsRead } from '@/db/test-steps'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { inTransaction } from '@/db/transaction'
import { uninstall } from './uninstall'

let kit: BridgeKit
beforeAll(async () => {
  kit = await startBridgeKit()
})
afterAll(() => kit.close())

test('an uninstall ends what waits without reading all there ever was', async () => {
  const { db } = kit.ctx
  const locationId = await kit.subAccount()
  const session = await kit.session(locationId, 1)
  await db.execute(sql`
    insert into people (id, location_id) values (gen_random_uuid(), ${locationId})`)
  await db.execute(sql`
    with talk as (
      insert into chats (id, location_id, session_id, person_id, address)
      select gen_random_uuid(), ${locationId}, ${session.id}, id, 'a' from people returning id
    ),
    lane as (
      insert into lanes (id, location_id, session_id) select 'chat:' || id, ${locationId}, ${session.id} from talk returning id
    ),
    said as (
      insert into messages (id, location_id, direction, origin, session_id, chat_id, body_sealed, status, occurred_at)
      select gen_random_uuid(), ${locationId}, 'outbound', 'crm', ${session.id}, talk.id, '',
        case when n <= 2 then 'queued' else 'read' end, now()
      from talk, generate_series(1, 5000) n returning id, chat_id, status
    ),
    split as (
      insert into parts (id, message_id, location_id, session_id, chat_id, seq, remote_id, content_sealed, state)
      select gen_random_uuid(), id, ${locationId}, ${session.id}, chat_id, row_number() over (), id::text, '', status from said
      returning id, state
    )
    insert into deliveries (id, key, kind, lane_id, location_id, subject_id, state)
    select gen_random_uuid(), 'send:' || split.id, 'send', lane.id, ${locationId}, split.id,
      case when split.state = 'queued' then 'ready' else 'done' end
    from split, lane`)
  await db.execute(sql`analyze`)
  const read = await inTransaction(db, async (tx) => {
    const count = async () => (await rowsRead(tx, 'messages')) + (await rowsRead(tx, 'parts'))
    const before = await count()
    await uninstall(kit.ctx, tx, { kind: 'webhook' }, { locationId, companyId: null, at: new Date() })
    return (await count()) - before
  })
  expect(read).toBeLessThan(100)
  const ended = await db.execute(sql`
    select m.status, p.state, count(*)::int as n from messages m join parts p on p.message_id = m.id
    group by 1, 2 order by 1`)
  expect([...ended]).toEqual([
    { status: 'failed', state: 'failed', n: 2 },
    { status: 'read', state: 'read', n: 4998 },
  ])
})
