import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sessions } from '@/db/schema/sessions'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { hearLabels } from './hear-labels'
import { switchPushTags } from './switch'

let kit: BridgeKit
beforeAll(async () => {
  kit = await startBridgeKit()
  // Counts the statements that write, at any speed.
  await kit.ctx.db.execute(
    sql.raw(`
    create table writes (at text);
    create function count_write() returns trigger language plpgsql as $$ begin
      insert into writes values (tg_table_name); return null;
    end $$`),
  )
  for (const table of ['tag_wishes', 'label_wishes', 'shared_tags', 'deliveries'])
    await kit.ctx.db.execute(
      sql.raw(`create trigger counted after insert on ${table} for each statement execute function count_write()`),
    )
})
afterAll(() => kit.close())

const many = 1_500

/** A label of one session on many chats, which another session has too. */
async function labelled(settings: object) {
  const { db } = kit.ctx
  const locationId = await kit.subAccount()
  const [one, two] = [await kit.session(locationId, 1), await kit.session(locationId, 2)]
  await db.execute(sql`
    update sub_accounts set settings = settings || ${JSON.stringify(settings)}::jsonb where id = ${locationId}`)
  await db.execute(sql`
    update sessions set sync_labels = true, push_tags = true, platform = 'business' where location_id = ${locationId}`)
  await db.execute(sql`
    insert into labels (session_id, label_id, location_id, name, color, tag, changed_at)
    values (${one.id}, '1', ${locationId}, 'Old', 1, 'old', now())`)
  await db.execute(sql`
    with them as (
      insert into people (id, location_id, contact_id, tags)
      select gen_random_uuid(), ${locationId}, 'c' || n, array['new'] from generate_series(1, ${many}::int) n returning id
    ),
    talks as (
      insert into chats (id, location_id, session_id, person_id, address)
      select gen_random_uuid(), ${locationId}, s.id, them.id, 'a' from them, sessions s where s.location_id = ${locationId}
    )
    insert into label_marks (session_id, label_id, person_id, is_on, set_by, set_at)
    select ${one.id}, '1', id, true, 'phone', now() from them`)
  await db.execute(sql`delete from writes`)
  const wishes = async (table: 'tag_wishes' | 'label_wishes' | 'shared_tags', is: 'wanted' | 'is_on') =>
    [
      ...(await db.execute(sql`
        select tag, ${sql.identifier(is)} as is, count(*)::int as n from ${sql.identifier(table)}
        where person_id in (select id from people where location_id = ${locationId}) group by 1, 2 order by 1`)),
    ].map((row) => `${row.tag} ${row.is} ${row.n}`)
  const statements = async () => (await db.execute(sql`select at from writes`)).length
  return { locationId, one, two, wishes, statements }
}

test('a label renamed on many chats changes their tags in few statements', async () => {
  const { one, wishes, statements } = await labelled({})
  await hearLabels(kit.ctx, one, { type: 'labels', labels: [label('New')], marks: [] })
  expect(await wishes('tag_wishes', 'wanted')).toEqual([`new true ${many}`, `old false ${many}`])
  expect(await statements()).toBeLessThan(20)
})

test('and so it does where its tags go both ways', async () => {
  const { one, wishes, statements } = await labelled({ pushedTags: ['old', 'new'] })
  await hearLabels(kit.ctx, one, { type: 'labels', labels: [label('New')], marks: [] })
  expect(await wishes('shared_tags', 'is_on')).toEqual([`new true ${many}`, `old false ${many}`])
  expect(await wishes('tag_wishes', 'wanted')).toEqual([`new true ${many}`, `old false ${many}`])
  expect(await wishes('label_wishes', 'wanted')).toEqual([`new true ${many}`, `old false ${many}`])
  expect(await statements()).toBeLessThan(40)
})

test('the tags of many contacts become labels in few statements', async () => {
  const { two, wishes, statements } = await labelled({ pushedTags: ['new'] })
  await kit.ctx.db.transaction(async (tx) => {
    const [session] = await tx.select().from(sessions).where(eq(sessions.id, two.id))
    await switchPushTags(kit.ctx, tx, session!, true)
  })
  expect(await wishes('label_wishes', 'wanted')).toEqual([`new true ${many}`])
  expect(await statements()).toBeLessThan(20)
})

const label = (name: string) => ({ labelId: '1', name, color: 1, deleted: false })
