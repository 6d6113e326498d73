import { sql } from 'drizzle-orm'
import { inTransaction } from '@/db/transaction'
import type { MessageId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { failMessages } from './fail-messages'
import { describeSession } from './message'

const atOnce = 200
const longestHours = 24

/**
 * Fails what has waited a day for a session that is connected: it has sent, or written to new contacts, as much as it may, and
 * what was to be said then may no longer hold. Returns how many.
 */
export async function expireWaiting(ctx: BridgeContext): Promise<number> {
  const due = await ctx.db.execute<{ id: MessageId; label: string; phone: string | null }>(sql`
    select distinct m.id, s.label, s.phone
    from deliveries d
    join parts p on p.id = d.subject_id and p.state = 'queued'
    join messages m on m.id = p.message_id and m.status = 'queued'
    join sessions s on s.id = m.session_id and s.status = 'connected'
    where d.state = 'ready' and d.kind = 'send' and d.created_at < now() - ${longestHours}::int * interval '1 hour'
    order by m.id limit ${atOnce}`)
  let failed = 0
  for (const { id, label, phone } of due)
    failed += await inTransaction(ctx.db, async (tx): Promise<number> => {
      // What is leaving at this moment is locked by its worker, and gone when it is our turn.
      const waiting = await tx.execute<{ id: string; state: string }>(sql`
        select id, state from parts where message_id = ${id} for update`)
      if (waiting.some(({ state }) => state !== 'queued')) return 0
      const ids = waiting.map((part) => part.id)
      await tx.execute(sql`
        update deliveries set state = 'given_up', finished_at = now(), last_error = 'rate_capped'
        where state = 'ready'
          and key in (select 'send:' || value from json_array_elements_text(${JSON.stringify(ids)}::json))`)
      await failMessages(tx, [id], {
        code: 'rate_capped',
        message: `Not sent: ${describeSession({ label, phone })} had sent as much as it may for a whole day. Send it again, or raise the limit in Routing.`,
      })
      return 1
    })
  return failed
}
