import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import type { PersonRow } from './lock-person'
import { mergeTags } from './merge-tags'

/**
 * Two rows turned out to be one person, seen under two addresses. Both are locked by the caller. Each session's two chats
 * become one: what waits in both leaves in the order it was accepted. While a delivery of
 * either chat is on its way nothing is moved, because its worker still reports to the old chat; the next message of the person
 * tries again. `holding` is the lane the caller itself works. Returns the row that stays.
 */
export async function mergePeople(
  tx: Transaction,
  kept: PersonRow,
  gone: PersonRow,
  holding: string | null,
): Promise<PersonRow> {
  // All are locked, busy or not: one that is free now is not claimed while it is moved.
  const lanes = await tx.execute<{ is_busy: boolean }>(sql`
    select busy_by is not null and id is distinct from ${holding} as is_busy from lanes where id in (
      select 'chat:' || id from chats where person_id in (${kept.id}, ${gone.id})
      union all select 'person:' || ${gone.id}::text
      union all select 'route:' || ${gone.id}::text
      union all select 'tag:' || ${gone.id}::text)
    order by id for update`)
  if (lanes.some((lane) => lane.is_busy)) return kept

  await tx.execute(sql`update person_addresses set person_id = ${kept.id} where person_id = ${gone.id}`)
  await tx.execute(sql`update messages set person_id = ${kept.id} where person_id = ${gone.id}`)
  const pairs = await tx.execute<{ stays: string; goes: string; next_seq: string }>(sql`
    select k.id as stays, g.id as goes, k.next_seq from chats g
    join chats k on k.session_id = g.session_id and k.person_id = ${kept.id}
    where g.person_id = ${gone.id} for update`)
  for (const { stays, goes, next_seq } of pairs) {
    await tx.execute(sql`
      update parts p set chat_id = ${stays}, seq = ${next_seq}::bigint - 1 + n.place
      from (select id, row_number() over (order by seq) as place from parts where chat_id = ${goes}) n
      where p.id = n.id`)
    await tx.execute(sql`
      update chats k set
        next_seq = greatest(k.next_seq, (select coalesce(max(seq), 0) + 1 from parts where chat_id = k.id)),
        reachable = coalesce(k.reachable, g.reachable), checked_at = coalesce(k.checked_at, g.checked_at),
        address = case when g.reachable then g.address else k.address end
      from chats g where k.id = ${stays} and g.id = ${goes}`)
    // What was heard twice, once under each address, stays once.
    await tx.execute(sql`
      delete from messages g using messages k
      where g.chat_id = ${goes} and k.chat_id = ${stays} and g.remote_id = k.remote_id`)
    await tx.execute(sql`update messages set chat_id = ${stays} where chat_id = ${goes}`)
    await moveLane(tx, `chat:${goes}`, `chat:${stays}`)
    await tx.execute(sql`delete from chats where id = ${goes}`)
  }
  await tx.execute(sql`update chats set person_id = ${kept.id} where person_id = ${gone.id}`)
  await mergeTags(tx, kept, gone)
  await moveLane(tx, `person:${gone.id}`, `person:${kept.id}`)
  await moveLane(tx, `route:${gone.id}`, `route:${kept.id}`)
  await tx.delete(people).where(eq(people.id, gone.id))

  const useGone = (gone.affinitySetAt?.getTime() ?? 0) > (kept.affinitySetAt?.getTime() ?? 0)
  const affinity = useGone ? gone : kept
  const wroteLast = (gone.lastWroteAt?.getTime() ?? 0) > (kept.lastWroteAt?.getTime() ?? 0) ? gone : kept
  // What the CRM said of one contact does not hold for another.
  const { contactId, conversationId, dnd, tags, ownerUserId, factsAt } = kept.contactId ? kept : gone
  const changes = {
    ...{ contactId, conversationId, dnd, tags, ownerUserId, factsAt },
    phone: kept.phone ?? gone.phone,
    name: kept.name ?? gone.name,
    hasWritten: kept.hasWritten || gone.hasWritten,
    lastWroteAt: wroteLast.lastWroteAt,
    // It is said in the contact's conversation; that of another contact is another one.
    lastWroteTo: (kept.contactId && gone.contactId ? kept : wroteLast).lastWroteTo,
    affinitySessionId: affinity.affinitySessionId,
    affinitySetBy: affinity.affinitySetBy,
    affinitySetAt: affinity.affinitySetAt,
    affinityLocked: affinity.affinityLocked,
  }
  await tx.update(people).set(changes).where(eq(people.id, kept.id))
  return { ...kept, ...changes }
}

/** Due at once: a lane the caller works itself has no due time, and nobody settles it under its new name. */
async function moveLane(tx: Transaction, from: string, to: string): Promise<void> {
  await tx.execute(sql`
    insert into lanes (id, location_id, session_id, rank, due_at)
    select ${to}, location_id, session_id, rank, now() from lanes where id = ${from}
    on conflict (id) do update set due_at = excluded.due_at`)
  await tx.execute(sql`update deliveries set lane_id = ${to} where lane_id = ${from}`)
  await tx.execute(sql`delete from lanes where id = ${from}`)
}
