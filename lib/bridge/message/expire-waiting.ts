import { sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { inTransaction } from '@/db/transaction'
import type { MessageId, PartId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { failMessages, giveUpSends } from './fail-messages'
import { describeSession } from './message'

const atOnce = 200
const longestHours = 24

/**
 * Fails what has waited a day for a session that is connected: it has sent, or written to new contacts, as much as it may, and
 * what was to be said then may no longer hold. Returns how many.
 */
export async function expireWaiting(ctx: BridgeContext): Promise<number> {
  let failed = 0
  for (const { id } of await findOverdue(ctx.db))
    failed += await inTransaction(ctx.db, async (tx): Promise<number> => {
      const parts = await tx.execute<{ id: PartId; state: string }>(sql`
        select id, state from parts where message_id = ${id} for update`)
      // It may have left, or been bound anew, while it was another's turn.
      const [still] = await findOverdue(tx, id)
      if (!still) return 0
      const { label, phone } = still
      const waiting = parts.filter(({ state }) => state === 'queued').map((part) => part.id)
      await giveUpSends(tx, waiting, 'rate_capped')
      await failMessages(tx, [id], {
        code: 'rate_capped',
        message: `Not sent: it waited a whole day for its turn on ${describeSession({ label, phone })}, which may not send more. Send it again, or look at the limits in Routing.`,
      })
      return 1
    })
  return failed
}

const findOverdue = (db: Queryable, only: MessageId | null = null) =>
  db.execute<{ id: MessageId; label: string; phone: string | null }>(sql`
    select distinct m.id, s.label, s.phone
    from deliveries d
    join parts p on p.id = d.subject_id and p.state = 'queued'
    join messages m on m.id = p.message_id and m.status in ('queued', 'sending')
    join sessions s on s.id = m.session_id and s.status = 'connected'
    where d.state = 'ready' and d.kind = 'send' and d.created_at < now() - ${longestHours}::int * interval '1 hour'
      and not exists (select 1 from parts other where other.message_id = m.id and other.state = 'sending')
      and (${only}::uuid is null or m.id = ${only})
    order by m.id limit ${atOnce}`)
