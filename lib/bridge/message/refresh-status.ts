import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChanges } from '@/db/notify'
import type { MessageOrigin, MessageStatus } from '@/db/schema/messages'
import { putDeliveries, type NewDelivery } from '@/lib/outbox/put'
import type { CrmMessageId, LocationId, MessageId, PersonId } from '@/lib/ids'

interface Moved extends Record<string, unknown> {
  id: MessageId
  location_id: LocationId
  person_id: PersonId | null
  crm_message_id: CrmMessageId | null
  origin: MessageOrigin
  status: MessageStatus
}

/** One open delivery per message tells the CRM whatever is newest when it is worked, so delivered and read fold into one call. */
export const statusDelivery = (message: {
  id: MessageId
  location_id: LocationId
  status: MessageStatus
}): NewDelivery => ({
  kind: 'status',
  key: `status:${message.id}`,
  lane: `message:${message.id}`,
  locationId: message.location_id,
  sessionId: null,
  subjectId: message.id,
  isUrgent: message.status === 'failed',
})

/**
 * Draws the messages' statuses from their parts', and promises to tell the CRM. Only forwards: a later receipt lifts even a
 * failed message, because it proves that the message arrived.
 */
export async function refreshStatus(tx: Transaction, ids: readonly MessageId[]): Promise<void> {
  if (ids.length === 0) return
  const list = sql`(select value::uuid from json_array_elements_text(${JSON.stringify([...ids].sort())}::json))`
  // Locked by a statement of its own, so that the next one sees every part another transaction has moved meanwhile.
  const locking = tx.execute(sql`select 1 from messages where id in ${list} order by id for no key update`)
  const drawing = tx.execute<Moved>(sql`
    with now_is as (
      select p.message_id, case
        when bool_or(p.state = 'failed') then 'failed'
        when bool_and(p.state = 'read') then 'read'
        when bool_and(p.state in ('read', 'delivered')) then 'delivered'
        when bool_and(p.state in ('read', 'delivered', 'accepted')) then 'sent'
        when bool_or(p.state <> 'queued') then 'sending'
        else 'queued' end as status
      from parts p
      where p.message_id in ${list}
      group by p.message_id
    )
    update messages m set status = n.status, updated_at = now(),
      failure_code = case when n.status in ('delivered', 'read') then null else m.failure_code end,
      failure_message = case when n.status in ('delivered', 'read') then null else m.failure_message end
    from now_is n where m.id = n.message_id and m.status <> n.status and m.status <> 'read'
    returning m.id, m.location_id, m.person_id, m.crm_message_id, m.origin, m.status`)
  const [, moved] = await Promise.all([locking, drawing])
  const told = ['delivered', 'read', 'failed']
  const putting = putDeliveries(tx, [
    ...moved.filter((row) => row.origin === 'crm' && told.includes(row.status)).map(statusDelivery),
    // What the API sent appears in the conversation once it has left.
    ...moved
      .filter((row) => row.origin === 'api' && row.person_id && ['sent', 'delivered', 'read'].includes(row.status))
      .map((row) => pushDelivery({ id: row.id, locationId: row.location_id, personId: row.person_id! })),
  ])
  const saying = notifyChanges(
    tx,
    moved.map((row) => ({ locationId: row.location_id, type: 'message', id: row.id })),
  )
  await Promise.all([putting, saying])
}

export const pushDelivery = (message: { id: MessageId; locationId: LocationId; personId: PersonId }): NewDelivery => ({
  kind: 'push',
  key: `push:${message.id}`,
  lane: `person:${message.personId}`,
  locationId: message.locationId,
  sessionId: null,
  subjectId: message.id,
})
