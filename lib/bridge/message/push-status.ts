import { sql } from 'drizzle-orm'
import { createGroup } from '@/db/group-commit'
import type { MessageStatus } from '@/db/schema/messages'
import { inTransaction } from '@/db/transaction'
import type { CrmMessageId, LocationId, MessageId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import type { BridgeContext } from '../context'

interface Loaded extends Record<string, unknown> {
  id: MessageId
  location_id: LocationId
  crm_message_id: CrmMessageId | null
  status: MessageStatus
  pushed_status: Told | null
  failure_code: string | null
  failure_message: string | null
}

const rank = { delivered: 1, failed: 1, read: 2 } as const
type Told = keyof typeof rank

const tellable = (status: string): status is Told => status in rank

/** Nobody waits for the record of a status that was told. */
const recordLingerMs = 50

/** Works one `status` delivery. Throws CrmError; settles the delivery when it is done. */
export type PushStatus = (delivery: ClaimedDelivery, isHeld?: () => boolean) => Promise<void>

/**
 * Tells the CRM how far a message has come, never back. What was reached while an older status was being told is told next.
 * What falls in the same moment is read and recorded together.
 */
export function createPushStatus(ctx: BridgeContext, owner: string): PushStatus {
  const load = createGroup<MessageId, Loaded | undefined>(async (ids) => {
    const rows = await ctx.db.execute<Loaded>(sql`
      select id, location_id, crm_message_id, status, pushed_status, failure_code, failure_message from messages
      where id in (select value::uuid from json_array_elements_text(${JSON.stringify(ids)}::json))`)
    const found = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => found.get(id))
  })

  const record = createGroup<{ delivery: ClaimedDelivery; told: Told | null }, void>(
    async (items) => {
      const told = items.flatMap((item) => (item.told ? [{ id: item.delivery.subjectId, status: item.told }] : []))
      await inTransaction(ctx.db, async (tx) => {
        // The rows are locked, so a receipt that comes now either is seen here or finds the delivery finished; in the order
        // receipts lock them in.
        const now = await tx.execute<{ id: MessageId; status: MessageStatus }>(sql`
          with told as materialized (
            select m.id, r.status from json_to_recordset(${JSON.stringify(told)}::json) as r(id uuid, status text)
            join messages m on m.id = r.id order by m.id for no key update of m
          )
          update messages m set pushed_status = told.status from told where m.id = told.id returning m.id, m.status`)
        const reached = new Map<string, MessageStatus>(now.map((row) => [row.id, row.status]))
        await settleDeliveries(
          tx,
          owner,
          items.map((item) => {
            const status = reached.get(item.delivery.subjectId)
            const isMore = item.told && status && tellable(status) && isNews(item.told, status)
            const settlement: Settlement = isMore
              ? { outcome: 'retry', afterMs: 0, why: 'it has come further meanwhile' }
              : { outcome: 'done' }
            return { delivery: item.delivery, settlement }
          }),
        )
      })
      return items.map(() => undefined)
    },
    { lingerMs: recordLingerMs },
  )

  return async (delivery, isHeld = () => true) => {
    const message = await load(delivery.subjectId as MessageId)
    const status = message?.status
    if (!message?.crm_message_id || !status || !tellable(status) || !isNews(message.pushed_status, status)) {
      return record({ delivery, told: null })
    }
    const failure =
      status === 'failed'
        ? { code: message.failure_code ?? 'internal', message: message.failure_message ?? 'Not sent.' }
        : undefined
    if (!isHeld()) throw new HoldLost(delivery.id)
    await ctx.highlevel.forSubAccount(message.location_id).setMessageStatus(message.crm_message_id, status, failure)
    await record({ delivery, told: status })
  }
}

/** A failed message that turns out to have arrived is news; anything else only counts when it is further. */
function isNews(pushed: Told | null, status: Told): boolean {
  if (pushed === null) return true
  if (pushed === 'failed') return status !== 'failed'
  return rank[status] > rank[pushed]
}
