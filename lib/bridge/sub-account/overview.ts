import { and, eq, gte, ne, sql } from 'drizzle-orm'
import { messages, type MessageStatus } from '@/db/schema/messages'
import { sessions, type SessionStatus } from '@/db/schema/sessions'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { firstIdAt } from '../message/since'
import { reachSubAccount } from '../reach'

export interface OverviewView {
  sessions: Partial<Record<SessionStatus, number>>
  /** One entry per day with messages, oldest first, the last 14 days, UTC. */
  days: { day: string; inbound: number; outbound: Partial<Record<MessageStatus, number>> }[]
}

const dayMs = 86_400_000

export async function readOverview(ctx: BridgeContext, actor: Actor, locationId: LocationId): Promise<OverviewView> {
  await reachSubAccount(ctx.db, actor, locationId)
  const since = new Date(Math.floor(ctx.clock.now().getTime() / dayMs) * dayMs - 13 * dayMs)
  const day = sql<string>`to_char(${messages.createdAt} at time zone 'UTC', 'YYYY-MM-DD')`
  const [byStatus, byDay] = await Promise.all([
    ctx.db
      .select({ status: sessions.status, count: sql<number>`count(*)::int` })
      .from(sessions)
      .where(and(eq(sessions.locationId, locationId), ne(sessions.wanted, 'removed')))
      .groupBy(sessions.status),
    ctx.db
      .select({ day, direction: messages.direction, status: messages.status, count: sql<number>`count(*)::int` })
      .from(messages)
      .where(and(eq(messages.locationId, locationId), gte(messages.id, firstIdAt(since))))
      .groupBy(day, messages.direction, messages.status)
      .orderBy(day),
  ])
  const days = new Map<string, OverviewView['days'][number]>()
  for (const row of byDay) {
    const entry = days.get(row.day) ?? { day: row.day, inbound: 0, outbound: {} }
    if (row.direction === 'inbound') entry.inbound += row.count
    else entry.outbound[row.status] = (entry.outbound[row.status] ?? 0) + row.count
    days.set(row.day, entry)
  }
  return { sessions: Object.fromEntries(byStatus.map((row) => [row.status, row.count])), days: [...days.values()] }
}
