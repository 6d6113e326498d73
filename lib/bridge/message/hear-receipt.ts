import { sql } from 'drizzle-orm'
import { inTransaction } from '@/db/transaction'
import type { MessageId, RemoteId, SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { refreshStatus } from './refresh-status'

export interface HeardReceipt {
  sessionId: SessionId
  epoch: number
  ids: readonly RemoteId[]
  status: 'delivered' | 'read'
}

/**
 * Moves parts forward, never back. A receipt proves arrival whatever we thought before: it also settles a part in doubt or one
 * we had given up. Receipts of sessions this worker no longer owns change nothing. Takes many at once.
 */
export async function hearReceipts(ctx: BridgeContext, receipts: readonly HeardReceipt[]): Promise<void> {
  const rows = receipts.flatMap((receipt) =>
    receipt.ids.filter(mayBeOurs).map((id) => ({
      session: receipt.sessionId,
      epoch: receipt.epoch,
      id,
      read: receipt.status === 'read',
    })),
  )
  if (rows.length === 0) return
  await inTransaction(ctx.db, async (tx) => {
    const moved = await tx.execute<{ message_id: MessageId }>(sql`
      with told as (
        select r.session, r.id, bool_or(r.read) as read
        from json_to_recordset(${JSON.stringify(rows)}::json) as r(session uuid, epoch bigint, id text, read boolean)
        join leases l on l.session_id = r.session and l.epoch = r.epoch
        group by r.session, r.id
      ),
      found as materialized (
        select p.id, told.read from parts p join told on told.session = p.session_id and told.id = p.remote_id
        where p.state <> 'read' and (told.read or p.state <> 'delivered')
        order by p.id for update of p
      )
      update parts p set state = case when found.read then 'read' else 'delivered' end
      from found where p.id = found.id
      returning p.message_id`)
    await refreshStatus(tx, [...new Set(moved.map((row) => row.message_id))])
  })
}

/** Whoever receives a message writes the receipt. What PostgreSQL cannot take would be refused with all that is stored beside it. */
const mayBeOurs = (id: string) => !id.includes('\0') && id.isWellFormed()
