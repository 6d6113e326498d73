/** The two switches of a session's labels. Called in the transaction that changes them, after the change. */
import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { chats, people } from '@/db/schema/people'
import { labelMarks, labels, labelSyncs, labelWishes } from '@/db/schema/tags'
import type { LocationId, PersonId } from '@/lib/ids'
import { loadTagContext } from '../contact/learn-tags'
import { putTagDeliveries } from '../contact/tag-delivery'
import { isPushedTag } from '../contact/tags'
import type { BridgeContext } from '../context'
import type { SessionRow } from '../reach'
import { dropBookRequest } from '../session/ask-for-book'
import { wishLabelsOf } from './label-wishes'
import { beginReading, refuseWithoutLabels, setSyncState } from './preview'

/** On: confirms what the preview showed; without one the labels are read first. Off: tags stay as they are. */
export async function switchLabelSync(
  ctx: BridgeContext,
  tx: Transaction,
  session: SessionRow,
  on: boolean,
): Promise<void> {
  if (!on) {
    await dropBookRequest(tx, session.id, 'labels')
    return await setSyncState(ctx, tx, session, 'off')
  }
  refuseWithoutLabels(session)
  const [sync] = await tx.select().from(labelSyncs).where(eq(labelSyncs.sessionId, session.id)).for('update')
  if (sync?.state === 'ready') await applyLabels(ctx, tx, session)
  else await beginReading(ctx, tx, session)
}

/**
 * Another phone takes the place of the one these labels were on. It counts its own up from 1 too: what is known of the old ones
 * would be taken for the new ones renamed. Their tags stay, as when the switch is turned off.
 */
export async function leaveLabels(ctx: BridgeContext, tx: Transaction, session: SessionRow): Promise<void> {
  for (const table of [labelWishes, labelMarks, labels, labelSyncs])
    await tx.delete(table).where(eq(table.sessionId, session.id))
  if (session.syncLabels) return await beginReading(ctx, tx, session)
  await dropBookRequest(tx, session.id, 'labels')
  await setSyncState(ctx, tx, session, 'off')
}

/** Every label that is on somebody now becomes a tag of theirs. */
export async function applyLabels(ctx: BridgeContext, tx: Transaction, session: SessionRow): Promise<void> {
  const { settings, accountTags, sessions } = await loadTagContext(tx, session)
  // In the order everybody locks several people in.
  await tx.execute(sql`
    select id from people where id in (select person_id from label_marks where session_id = ${session.id} and is_on)
    order by id for update`)
  const put = await tx.execute<{ id: PersonId; location_id: LocationId; tag: string }>(sql`
    select distinct p.id, p.location_id, l.tag from label_marks m
    join labels l on l.session_id = m.session_id and l.label_id = m.label_id and not l.is_deleted and l.tag <> ''
    join people p on p.id = m.person_id
    where m.session_id = ${session.id} and m.is_on and not coalesce(l.tag = any(p.tags), false)`)
  const isTwoWay = sessions.some(({ id, pushTags }) => id === session.id && pushTags)
  const now = ctx.clock.now().toISOString()
  const rows = put.map(({ id, tag }) => ({
    ...{ id, tag },
    because: isTwoWay && isPushedTag(tag, accountTags, settings) ? 'shared' : 'label',
  }))
  const given = sql`json_to_recordset(${JSON.stringify(rows)}::json) as r(id uuid, tag text, because text)`
  await tx.execute(sql`
    insert into tag_wishes (person_id, tag, wanted, because, wished_at)
    select id, tag, true, because, ${now} from ${given}
    on conflict (person_id, tag) do update
      set wanted = true, because = excluded.because, wished_at = excluded.wished_at`)
  await tx.execute(sql`
    insert into shared_tags (person_id, tag, is_on, set_by, set_at)
    select id, tag, true, 'phone', ${now} from ${given} where because = 'shared'
    on conflict (person_id, tag) do update set is_on = true, set_by = 'phone', set_at = excluded.set_at`)
  const people = new Map(put.map((row) => [row.id, { id: row.id, locationId: row.location_id }]))
  await putTagDeliveries(tx, [...people.values()])
  await setSyncState(ctx, tx, session, 'running')
}

/** On: what contacts of this session carry of the chosen tags becomes labels. Off: labels stay. */
export async function switchPushTags(
  ctx: BridgeContext,
  tx: Transaction,
  session: SessionRow,
  on: boolean,
): Promise<void> {
  await tx.update(labelSyncs).set({ notice: null }).where(eq(labelSyncs.sessionId, session.id))
  if (!on) {
    await tx.delete(labelWishes).where(eq(labelWishes.sessionId, session.id))
    return
  }
  refuseWithoutLabels(session)
  const { settings, accountTags } = await loadTagContext(tx, session)
  const rows = await tx
    .select({ id: people.id, locationId: people.locationId, tags: people.tags })
    .from(people)
    .innerJoin(chats, eq(chats.personId, people.id))
    .where(and(eq(chats.sessionId, session.id), isNotNull(people.tags)))
    .orderBy(people.id)
    .for('update', { of: people })
  const wishes = rows.flatMap((person) =>
    (person.tags ?? [])
      .filter((tag) => isPushedTag(tag, accountTags, settings))
      .map((tag) => ({ sessionId: session.id, person, tag, wanted: true })),
  )
  await wishLabelsOf(ctx, tx, wishes)
}
