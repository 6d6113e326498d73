import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChanges } from '@/db/notify'
import type { MessageStatus } from '@/db/schema/messages'
import { putDeliveries } from '@/lib/outbox/put'
import type { CrmMessageId, LocationId, MessageId, PartId, SessionId } from '@/lib/ids'
import { statusDelivery } from './refresh-status'
import type { Failure } from './message'

interface FailedRow extends Record<string, unknown> {
  id: MessageId
  location_id: LocationId
  crm_message_id: CrmMessageId | null
  origin: string
  status: MessageStatus
}

/** Fails messages whose parts have not left, for a reason the CRM will show. Delivered ones are left alone. */
export async function failMessages(tx: Transaction, ids: readonly MessageId[], failure: Failure): Promise<void> {
  if (ids.length === 0) return
  const list = sql`(select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))`
  await tx.execute(
    sql`update parts set state = 'failed' where message_id in ${list} and state in ('queued', 'sending')`,
  )
  const failed = await tx.execute<FailedRow>(sql`
    update messages set status = 'failed', failure_code = ${failure.code}, failure_message = ${failure.message},
      held_at = null, hold_ms = null, updated_at = now()
    where id in ${list} and status not in ('delivered', 'read', 'failed')
    returning id, location_id, crm_message_id, origin, status`)
  await putDeliveries(tx, failed.filter((row) => row.crm_message_id && row.origin === 'crm').map(statusDelivery))
  await notifyChanges(
    tx,
    failed.map((row) => ({ locationId: row.location_id, type: 'message', id: row.id })),
  )
}

/** Nobody is to send these parts any more. What stands behind them in their lanes does not wait out their retries and windows. */
export async function giveUpSends(tx: Transaction, ids: readonly PartId[], why: string): Promise<void> {
  if (ids.length === 0) return
  const keys = sql`(select 'send:' || value from json_array_elements_text(${JSON.stringify(ids)}::json))`
  // Lanes before deliveries, as whoever settles them locks them.
  await tx.execute(sql`
    update lanes set due_at = now() where due_at > now() and due_at < 'infinity' and busy_by is null and id in (
      select l.id from lanes l join deliveries d on d.lane_id = l.id
      where d.key in ${keys} and d.state = 'ready' order by l.id for update of l)`)
  await tx.execute(sql`
    update deliveries set state = 'given_up', finished_at = now(), last_error = ${why}
    where state = 'ready' and key in ${keys}`)
}

/**
 * Fails what a session still had to send: it went down for good, was stopped or removed. Parts already on their way may have
 * arrived; they are left to their worker unless `inDoubtToo`, when no worker will ever try them again.
 */
export async function failQueuedMessages(
  tx: Transaction,
  sessionId: SessionId,
  failure: Failure,
  options: { inDoubtToo?: boolean } = {},
): Promise<void> {
  const states = options.inDoubtToo ? sql`('queued', 'sending')` : sql`('queued')`
  // Found by its lanes, which are few, not by all it ever sent.
  const waiting = await tx.execute<{ message_id: MessageId }>(sql`
    update parts set state = 'failed' where state in ${states} and id in (
      select d.subject_id from lanes l join deliveries d on d.lane_id = l.id and d.state = 'ready' and d.kind = 'send'
      where l.session_id = ${sessionId})
    returning message_id`)
  // What comes after a new start does not wait for the windows and retries of what has failed.
  await tx.execute(sql`
    update lanes set due_at = now() where id in (
      select id from lanes where session_id = ${sessionId} and due_at > now() and due_at < 'infinity' and busy_by is null
      order by id for update)`)
  await tx.execute(sql`
    update deliveries d set state = 'given_up', finished_at = now(), last_error = ${failure.code}
    from lanes l where d.lane_id = l.id and l.session_id = ${sessionId} and d.state = 'ready' and d.kind = 'send'
      and exists (select 1 from parts p where p.id = d.subject_id and p.state = 'failed')`)
  await failMessages(tx, [...new Set(waiting.map((row) => row.message_id))], failure)
}
