/**
 * Conversations belong to the number: while no session has it they are kept aside, and when it is linked they are there again.
 * There may be 50,000 of them, and each message of one of these people locks the person and then the session. So they move some
 * at a time, locked like that too; what a crash leaves is found by where it is.
 */
import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { LocationId, PersonId, SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { loadSettings } from '../sub-account/read-settings'
import { putTagDeliveries } from './tag-delivery'

const atOnce = 500

interface Numbered {
  id: SessionId
  locationId: LocationId
  phone: string | null
}

/** Before a session loses its number. Whoever takes it away calls `keepAffinitiesLeft` in that transaction, for what came since. */
export async function keepAffinities(ctx: BridgeContext, session: Numbered): Promise<void> {
  const onSession = sql`select id from people where affinity_session_id = ${session.id}`
  await inSteps(ctx, onSession, async (tx, ids) => {
    const phone = session.phone === null ? sql`${sessions.phone} is null` : eq(sessions.phone, session.phone)
    if (!(await isStill(tx, session.id, phone))) return false
    await keepAside(tx, session, inArray(people.id, ids))
    return true
  })
}

export async function keepAffinitiesLeft(tx: Transaction, session: Numbered): Promise<void> {
  await keepAside(tx, session, undefined)
}

/** A number is linked: its conversations come here, those on another session that had it and has no link any more too. */
export async function bringAffinities(ctx: BridgeContext, session: Numbered & { phone: string }): Promise<void> {
  const { id, locationId, phone } = session
  const fromOthers = sql`
    s.location_id = ${locationId} and s.phone = ${phone} and s.id <> ${id} and not s.is_linked and w.affinity_session_id = s.id`
  const elsewhere = sql`
    select person_id as id from kept_affinities where location_id = ${locationId} and phone = ${phone}
    union select w.id from people w join sessions s on ${fromOthers}`
  await inSteps(ctx, elsewhere, async (tx, ids) => {
    if (!(await isStill(tx, id, and(eq(sessions.phone, phone), eq(sessions.isLinked, true))))) return false
    const given = sql`(select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))`
    const back = await tx.execute<{ id: PersonId }>(sql`
      with kept as (
        delete from kept_affinities where location_id = ${locationId} and phone = ${phone} and person_id in ${given}
        returning person_id, set_at, locked
      )
      update people w set affinity_session_id = ${id}, affinity_set_by = 'phone', affinity_set_at = kept.set_at,
        affinity_locked = kept.locked
      from kept where w.id = kept.person_id and w.affinity_session_id is null
      returning w.id`)
    const moved = await tx.execute<{ id: PersonId }>(sql`
      update people w set affinity_session_id = ${id} from sessions s where ${fromOthers} and w.id in ${given}
      returning w.id`)
    const all = [...back, ...moved]
    if (all.length > 0 && (await loadSettings(tx, locationId)).tagMode !== 'off')
      await putTagDeliveries(
        tx,
        all.map((person) => ({ id: person.id, locationId })),
      )
    return true
  })
}

async function keepAside(tx: Transaction, session: Numbered, which: SQL | undefined): Promise<void> {
  const theirs = and(eq(people.affinitySessionId, session.id), which)
  if (session.phone !== null)
    await tx.execute(sql`
      insert into kept_affinities (person_id, location_id, phone, set_at, locked)
      select id, location_id, ${session.phone}, coalesce(affinity_set_at, now()), affinity_locked from people where ${theirs}
      on conflict (person_id) do update
        set phone = excluded.phone, set_at = excluded.set_at, locked = excluded.locked`)
  await tx
    .update(people)
    .set({ affinitySessionId: null, affinitySetBy: null, affinitySetAt: null, affinityLocked: false })
    .where(theirs)
}

/** `whom` names those who have yet to move, and nobody who has. `move` says whether to go on. */
async function inSteps(
  ctx: BridgeContext,
  whom: SQL,
  move: (tx: Transaction, ids: PersonId[]) => Promise<boolean>,
): Promise<void> {
  let after: string | null = '00000000-0000-0000-0000-000000000000'
  while (after !== null) {
    const from: string = after
    after = await inTransaction(ctx.db, async (tx) => {
      // People before sessions, and in the order everybody locks several in.
      const locked = await tx.execute<{ id: PersonId }>(sql`
        with whom as materialized (${whom})
        select p.id from people p join whom on whom.id = p.id where p.id > ${from} order by p.id limit ${atOnce}
        for update of p`)
      const ids = locked.map(({ id }) => id)
      const goesOn = ids.length > 0 && (await move(tx, ids))
      return goesOn && ids.length === atOnce ? ids.at(-1)! : null
    })
  }
}

async function isStill(tx: Transaction, id: SessionId, as: SQL | undefined): Promise<boolean> {
  const [row] = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.id, id), as))
    .for('share')
  return row !== undefined
}
