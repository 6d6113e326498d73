import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { labelWishes } from '@/db/schema/tags'
import { putDeliveries } from '@/lib/outbox/put'
import { labelDelivery } from '../labels/label-wishes'
import type { PersonRow } from './lock-person'
import { putTagDeliveries } from './tag-delivery'

/** What is known and wished of the tags and labels of somebody who turned out to be somebody else. */
export async function mergeTags(tx: Transaction, kept: PersonRow, gone: PersonRow): Promise<void> {
  for (const table of ['tag_wishes', 'tag_writes', 'label_tags', 'shared_tags', 'kept_affinities', 'label_wishes']) {
    const key = {
      kept_affinities: sql`true`,
      label_wishes: sql`k.session_id = g.session_id and k.tag = g.tag`,
    }[table]
    const name = sql.identifier(table)
    await tx.execute(sql`
      delete from ${name} g using ${name} k
      where g.person_id = ${gone.id} and k.person_id = ${kept.id} and ${key ?? sql`k.tag = g.tag`}`)
    await tx.execute(sql`update ${name} set person_id = ${kept.id} where person_id = ${gone.id}`)
  }
  // A label is on a chat under whichever of the two addresses it was put; the later word counts.
  await tx.execute(sql`
    delete from label_marks k using label_marks g
    where g.person_id = ${gone.id} and k.person_id = ${kept.id} and k.session_id = g.session_id
      and k.label_id = g.label_id and k.set_at < g.set_at`)
  await tx.execute(sql`
    insert into label_marks (session_id, label_id, person_id, is_on, set_by, set_at)
    select session_id, label_id, ${kept.id}, is_on, set_by, set_at from label_marks where person_id = ${gone.id}
    on conflict do nothing`)
  await tx.execute(sql`
    insert into tag_states (person_id, needs_read) values (${kept.id}, true)
    on conflict (person_id) do update set needs_read = true, version = tag_states.version + 1`)
  await putTagDeliveries(tx, [kept])
  // Those promised before are about the one who is gone.
  const wished = await tx
    .selectDistinct({ id: labelWishes.sessionId })
    .from(labelWishes)
    .where(eq(labelWishes.personId, kept.id))
    .orderBy(labelWishes.sessionId)
  await putDeliveries(
    tx,
    wished.map(({ id }) => labelDelivery(id, kept)),
  )
}
