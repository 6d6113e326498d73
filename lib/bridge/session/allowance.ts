/** What a session may send: its sub-account's caps, and the warm-up of a new number. */
import { and, eq, gte, sql } from 'drizzle-orm'
import { chats } from '@/db/schema/people'
import type { ChatId, PartId, SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { firstIdAt } from '../message/since'
import { warmUpDay } from './warm-up'

const dayMs = 86_400_000

/** Its parts of the last day and when they left, ascending. */
export async function sentLately(ctx: BridgeContext, sessionId: SessionId): Promise<{ id: PartId; at: number }[]> {
  const now = ctx.clock.now().getTime()
  // What left today was accepted at most a day before: older messages fail instead.
  const rows = await ctx.db.execute<{ id: PartId; at: string }>(sql`
    select p.id, p.sent_at as at from messages m join parts p on p.message_id = m.id
    where m.session_id = ${sessionId} and m.id >= ${firstIdAt(new Date(now - 2 * dayMs))} and m.direction = 'outbound'
      and p.sent_at > ${new Date(now - dayMs).toISOString()}::timestamptz and p.state <> 'queued'
    order by p.sent_at`)
  return rows.map(({ id, at }) => ({ id, at: new Date(at).getTime() }))
}

/** How long a new number has to wait before it writes to somebody for the first time; 0: at this moment it may. */
export async function warmUpWaitMs(
  ctx: BridgeContext,
  session: { id: SessionId; firstLinkedAt: Date | null },
  at: Date,
): Promise<number> {
  const day = warmUpDay(session.firstLinkedAt, at)
  if (!day) return 0
  const [used] = await ctx.db
    .select({ count: sql<number>`count(*)::int` })
    .from(chats)
    .where(and(eq(chats.sessionId, session.id), gte(chats.openedAt, day.from)))
  return used && used.count >= day.limit ? day.until.getTime() - at.getTime() : 0
}

/** A new number has written to somebody for the first time, which counts for the day. */
export async function openConversation(
  ctx: BridgeContext,
  session: { firstLinkedAt: Date | null },
  chatId: ChatId,
  at: Date,
): Promise<void> {
  if (warmUpDay(session.firstLinkedAt, at)) await ctx.db.update(chats).set({ openedAt: at }).where(eq(chats.id, chatId))
}
