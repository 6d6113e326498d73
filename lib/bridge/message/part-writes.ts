import { and, eq, inArray, ne, or, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { createGroup } from '@/db/group-commit'
import { inTransaction } from '@/db/transaction'
import type { PartState } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { LostOwnership } from '@/lib/errors'
import type { MessageId, PartId, PersonId, SessionId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import { setAffinity, setAffinityBySends } from '../contact/affinity'
import type { BridgeContext } from '../context'
import { failureAtRest } from '../session/standing'
import { failMessages } from './fail-messages'
import type { Failure } from './message'
import { refreshStatus } from './refresh-status'

/** What a worker writes about parts, of all its sessions together: what falls in the same moment shares one commit. */
export interface PartWrites {
  /**
   * Records that a part is about to leave under this epoch. False: it must not any more, because a receipt has proved its
   * arrival or it was failed meanwhile. Rejects with LostOwnership when the epoch has moved on.
   */
  markSending(part: { id: PartId; sessionId: SessionId; epoch: number; prepared: Buffer | null }): Promise<boolean>
  /**
   * Records how a delivery ended and what that makes of its part; null leaves the part as it is. What did not leave before its
   * session was put to rest fails: nobody would try it again. Rejects with LostOwnership.
   */
  settle(end: PartEnd): Promise<void>
}

export interface PartEnd {
  delivery: ClaimedDelivery
  settlement: Settlement
  part: { id: PartId; message_id: MessageId; session_id: SessionId; person_id: PersonId; repins?: boolean }
  epoch: number
  state: Extract<PartState, 'queued' | 'accepted' | 'failed'> | null
  failure: Failure | null
}

/** The part has left; only the next one of its chat waits for the record. */
const settleLingerMs = 25

export function createPartWrites(ctx: BridgeContext, owner: string): PartWrites {
  const markSending = createGroup<Parameters<PartWrites['markSending']>[0], boolean>(async (items) => {
    const rows = items.map((item) => ({ ...item, prepared: item.prepared?.toString('hex') ?? null }))
    // FOR KEY SHARE: a takeover, which changes the epoch, waits for this commit or is seen by it.
    const owned = await ctx.db.execute<{ id: PartId; is_marked: boolean }>(sql`
      with mine as materialized (
        select r.id, r.epoch, r.prepared
        from json_to_recordset(${JSON.stringify(rows)}::json)
          as r(id uuid, "sessionId" uuid, epoch bigint, prepared text)
        join leases l on l.session_id = r."sessionId" and l.epoch = r.epoch and l.owner = ${owner}
        for key share of l
      ),
      marked as (
      update parts p set state = 'sending', epoch = mine.epoch, attempts = p.attempts + 1,
        sent_at = now(),
        prepared_sealed = coalesce(p.prepared_sealed, decode(mine.prepared, 'hex'))
      from mine where p.id = mine.id and p.state in ('queued', 'sending')
      returning p.id
      )
      select mine.id, marked.id is not null as is_marked from mine left join marked on marked.id = mine.id`)
    const isMarked = new Map(owned.map((row) => [row.id, row.is_marked]))
    return items.map((item) => isMarked.get(item.id) ?? new LostOwnership(item.sessionId))
  })

  const settleAll = async (items: PartEnd[]) => {
    const lost = await inTransaction(ctx.db, async (tx) => {
      const claims = items.map((item) => ({ id: item.part.id, session: item.part.session_id, epoch: item.epoch }))
      const mine = await tx.execute<{ id: PartId }>(sql`
        select r.id from json_to_recordset(${JSON.stringify(claims)}::json) as r(id uuid, session uuid, epoch bigint)
        join leases l on l.session_id = r.session and l.epoch = r.epoch for key share of l`)
      const owned = new Set(mine.map((row) => row.id))
      const mineStill = items.filter((item) => owned.has(item.part.id))
      // People before sessions, parts and lanes, as whoever hears or accepts something of them locks them.
      const sent = mineStill.filter((end) => end.state === 'accepted')
      await setAffinityBySends(
        tx,
        sent.map((end) => ({ person: end.part.person_id, session: end.part.session_id })),
      )
      for (const { part } of sent.filter((end) => end.part.repins)) await repin(tx, ctx, part)
      const ends = await failThoseAtRest(tx, mineStill)
      const rows = ends.flatMap(({ part, state }) => (state ? [{ id: part.id, state }] : []))
      // Locked in the order receipts lock them in, which come for the same parts at the same moment.
      await tx.execute(sql`
        with ended as materialized (
          select p.id, r.state from json_to_recordset(${JSON.stringify(rows)}::json) as r(id uuid, state text)
          join parts p on p.id = r.id and p.state in ('queued', 'sending')
          order by p.id for update of p
        )
        update parts p set state = ended.state from ended where p.id = ended.id`)
      await refreshStatus(tx, [
        ...new Set(ends.filter((end) => end.state !== 'failed').map((end) => end.part.message_id)),
      ])
      for (const end of ends) if (end.failure) await failMessages(tx, [end.part.message_id], end.failure)
      await settleDeliveries(tx, owner, ends)
      return items.map((item) => (owned.has(item.part.id) ? undefined : new LostOwnership(item.part.session_id)))
    })
    return lost
  }
  const settle = createGroup<PartEnd, void>(settleAll, { lingerMs: settleLingerMs })

  return { markSending, settle }
}

async function repin(tx: Transaction, ctx: BridgeContext, part: PartEnd['part']): Promise<void> {
  const [person] = await tx.select().from(people).where(eq(people.id, part.person_id)).for('update')
  if (person) await setAffinity(tx, person, { session: part.session_id, by: 'rule', at: ctx.clock.now() })
}

/**
 * A part on its way when its session was stopped, logged out, deleted or suspended was left to its worker. The session's row
 * is locked, so either what comes back here sees the session at rest, or whoever puts it to rest sees the part queued.
 */
async function failThoseAtRest(tx: Transaction, ends: PartEnd[]): Promise<PartEnd[]> {
  const back = ends.filter((end) => end.state === 'queued').map((end) => end.part.session_id)
  if (back.length === 0) return ends
  const resting = await tx
    .select({
      id: sessions.id,
      label: sessions.label,
      phone: sessions.phone,
      status: sessions.status,
      wanted: sessions.wanted,
    })
    .from(sessions)
    .where(and(inArray(sessions.id, back), or(ne(sessions.wanted, 'connected'), eq(sessions.status, 'suspended'))))
    .orderBy(sessions.id)
    .for('share')
  return ends.map((end) => {
    const session = end.state === 'queued' && resting.find(({ id }) => id === end.part.session_id)
    if (!session) return end
    const failure = failureAtRest(session)
    return { ...end, state: 'failed', failure, settlement: { outcome: 'given_up', why: failure.code } }
  })
}
