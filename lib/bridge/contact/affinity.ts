/** The session a person's conversation stays on: who may move it, and what follows when it moves. */
import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import { keptAffinities } from '@/db/schema/tags'
import type { LocationId, PersonId, SessionId } from '@/lib/ids'
import { loadSettings } from '../sub-account/read-settings'
import type { Settings } from '../sub-account/settings'
import type { PersonRow } from './lock-person'
import { putTagDeliveries } from './tag-delivery'

export type AffinitySetBy = NonNullable<PersonRow['affinitySetBy']>

export interface AffinityChange {
  /** Null clears it: the next message is routed as if the person were new. */
  session: SessionId | null
  by: AffinitySetBy
  at: Date
  /** Chosen by a person in the app: true keeps it where it is from now on, false frees it. */
  lock?: boolean
}

type Affinity = Pick<
  PersonRow,
  'affinitySessionId' | 'affinitySetBy' | 'affinitySetAt' | 'affinityLocked' | 'hasWritten'
>

/** What is written, heard or answered moves a conversation only while nobody has fixed it; what people decide always does. */
function movesAffinity(
  person: Affinity,
  change: Pick<AffinityChange, 'session' | 'by' | 'at'>,
  tagMode: Settings['tagMode'],
): boolean {
  if (change.by === 'user' || change.by === 'tag') return true
  const isFixed = person.affinitySessionId !== null && (person.affinityLocked || tagMode === 'pin')
  if (isFixed && change.session !== person.affinitySessionId) return false
  // One automation on another number must not take a live conversation away.
  if (change.by === 'outbound') return !person.hasWritten && change.session !== person.affinitySessionId
  return person.affinitySetAt === null || person.affinitySetAt <= change.at || person.affinitySetBy === 'outbound'
}

/**
 * Moves the conversation of a person, whose row the caller has locked, if the rules allow it; the contact's account tag follows
 * by a delivery. What else became known of them is written with it. Returns the person as they are afterwards.
 */
export async function setAffinity(
  tx: Transaction,
  person: PersonRow,
  change: AffinityChange,
  also: Partial<Pick<PersonRow, 'hasWritten' | 'lastWroteAt' | 'lastWroteTo'>> = {},
): Promise<PersonRow> {
  const isMove = change.session !== person.affinitySessionId
  const tagMode = isMove ? (await loadSettings(tx, person.locationId)).tagMode : 'follow'
  const moves = movesAffinity(person, change, tagMode)
  const changes = {
    ...also,
    ...(moves && {
      affinitySessionId: change.session,
      affinitySetBy: change.by,
      affinitySetAt: change.at,
      affinityLocked: change.lock ?? (person.affinityLocked && change.session !== null),
    }),
  }
  if (Object.keys(changes).length > 0) await tx.update(people).set(changes).where(eq(people.id, person.id))
  if (moves && isMove) {
    await tx.delete(keptAffinities).where(eq(keptAffinities.personId, person.id))
    if (tagMode !== 'off') await putTagDeliveries(tx, [person])
  }
  return { ...person, ...changes }
}

/** The same for what sends have reached, of many people at once: who never wrote stays on the session that reached them. */
export async function setAffinityBySends(
  tx: Transaction,
  sent: readonly { person: PersonId; session: SessionId }[],
): Promise<void> {
  if (sent.length === 0) return
  const moved = await tx.execute<{ id: PersonId; location_id: LocationId; tag_mode: string | null }>(sql`
    update people w set affinity_session_id = r.session, affinity_set_by = 'outbound', affinity_set_at = now()
    from json_to_recordset(${JSON.stringify(sent)}::json) as r(session uuid, person uuid), sub_accounts a
    where w.id = r.person and a.id = w.location_id and not w.has_written
      and w.affinity_session_id is distinct from r.session
      and (w.affinity_session_id is null or not (w.affinity_locked or coalesce(a.settings->>'tagMode', '') = 'pin'))
    returning w.id, w.location_id, a.settings->>'tagMode' as tag_mode`)
  if (moved.length === 0) return
  const ids = moved.map((row) => row.id)
  await tx.execute(sql`
    delete from kept_affinities
    where person_id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))`)
  await putTagDeliveries(
    tx,
    moved.filter((row) => row.tag_mode !== 'off').map((row) => ({ id: row.id, locationId: row.location_id })),
  )
}
