/** What a session still has to send, while it is away and when it is back. */
import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChanges } from '@/db/notify'
import type { MessageId } from '@/lib/ids'
import { failQueuedMessages } from '../message/fail-messages'
import type { SessionRow } from '../reach'
import { loadSettings } from '../sub-account/read-settings'
import { failureInVain } from './standing'

/** From now on it may take as long as the sub-account wants; found by its lanes, which are few, not by all it ever sent. */
export async function holdQueued(tx: Transaction, session: SessionRow): Promise<void> {
  const holdMs = (await loadSettings(tx, session.locationId)).holdMinutes * 60_000
  if (holdMs === 0) return await failQueuedMessages(tx, session.id, failureInVain(session, 0))
  const held = await tx.execute<{ id: MessageId }>(sql`
    update messages m set held_at = now(), hold_ms = ${holdMs}::int, updated_at = now()
    where m.held_at is null and m.status in ('queued', 'sending') and m.id in (
      select p.message_id from lanes l
      join deliveries d on d.lane_id = l.id and d.state = 'ready' and d.kind = 'send'
      join parts p on p.id = d.subject_id and p.state = 'queued'
      where l.session_id = ${session.id})
    returning m.id`)
  await tell(tx, session, held)
}

/** It is back: what waited goes, and keeps on record how long it waited. */
export async function releaseHeld(tx: Transaction, session: SessionRow): Promise<void> {
  const released = await tx.execute<{ id: MessageId }>(sql`
    update messages set held_at = null, hold_ms = null, updated_at = now(),
      trace = jsonb_set(trace, '{holdMs}', to_jsonb(
        coalesce((trace->>'holdMs')::int, 0) + least(extract(epoch from now() - held_at) * 1000, 2000000000)::int))
    where session_id = ${session.id} and held_at is not null
    returning id`)
  await tell(tx, session, released)
}

const tell = (tx: Transaction, { locationId }: SessionRow, rows: readonly { id: MessageId }[]) =>
  notifyChanges(
    tx,
    rows.map(({ id }) => ({ locationId, type: 'message', id })),
  )
