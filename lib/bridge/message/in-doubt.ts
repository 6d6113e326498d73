import { sql } from 'drizzle-orm'
import type { ChatId, PartId, SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'

/**
 * The part that must leave again next: one that was written, or about to be, by somebody who never recorded how that ended.
 * A receipt does not take it out of doubt: it proves that the part arrived, not that the keys it used up were stored, and
 * until the same part has left again the next message would use them a second time. In the order in which they left, because
 * the copies for the own phone share one ratchet. Null when nothing is in doubt.
 */
export async function oldestInDoubt(
  ctx: Pick<BridgeContext, 'db'>,
  sessionId: SessionId,
): Promise<{ id: PartId; chat_id: ChatId } | null> {
  const [oldest] = await ctx.db.execute<{ id: PartId; chat_id: ChatId }>(sql`
    select id, chat_id from (
      select p.id, p.chat_id, p.sent_at from parts p where p.session_id = ${sessionId} and p.state = 'sending'
      union all
      select p.id, p.chat_id, p.sent_at from lanes l
      join deliveries d on d.lane_id = l.id and d.state = 'ready' and d.kind = 'send' and d.unsettled
      join parts p on p.id = d.subject_id and p.state in ('delivered', 'read')
      where l.session_id = ${sessionId} and (l.due_at < 'infinity' or l.busy_by is not null)
    ) as doubtful
    order by sent_at, id limit 1`)
  return oldest ?? null
}
