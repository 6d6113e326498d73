/** What a session may send: its sub-account's caps, and the warm-up of a new number. */
import { and, eq, gte, sql } from 'drizzle-orm'
import { chats } from '@/db/schema/people'
import type { ChatId, SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { firstIdAt } from '../message/since'
import { warmUpDay } from './warm-up'

const dayMs = 86_400_000

/** When its parts left in the last day, ascending. */
export async function sentLately(ctx: BridgeContext, sessionId: SessionId): Promise<number[]> {
  const now = ctx.clock.now().getTime()
  // What left today was accepted at most a day before: older messages fail instead.
  const rows = await ctx.db.execute<{ at: string }>(sql`
    select p.sent_at as at from messages m join parts p on p.message_id = m.id
    where m.session_id = ${sessionId} and m.id >= ${firstIdAt(new Date(now - 2 * dayMs))} and m.direction = 'outbound'
      and p.sent_at > ${new Date(now - dayMs).toISOString()}::timestamptz and p.state <> 'queued'
    order by p.sent_at`)
  return rows.map(({ at }) => new Date(at).getTime())
}

/**
 * A new number is about to write to somebody for the first time: how long that has to wait. 0: it may, and counts. With
 * `isEnforced` false it only counts.
 */
export async function openConversation(
  ctx: BridgeContext,
  session: { id: SessionId; firstLinkedAt: Date | null },
  chatId: ChatId,
  isEnforced: boolean,
): Promise<number> {
  const now = ctx.clock.now()
  const day = warmUpDay(session.firstLinkedAt, now)
  if (!day) return 0
  if (isEnforced) {
    const [used] = await ctx.db
      .select({ count: sql<number>`count(*)::int` })
      .from(chats)
      .where(and(eq(chats.sessionId, session.id), gte(chats.openedAt, day.from)))
    if (used && used.count >= day.limit) return day.until.getTime() - now.getTime()
  }
  await ctx.db.update(chats).set({ openedAt: now }).where(eq(chats.id, chatId))
  return 0
}
