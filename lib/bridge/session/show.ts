/** Sessions as people see them, with how each is doing. */
import { sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { firstIdAt } from '../message/since'
import type { SessionRow } from '../reach'
import { loadSettings } from '../sub-account/read-settings'
import { findDuplicates } from './find-duplicates'
import { viewSession, type SessionHealth, type SessionView } from './session'
import { warmUpDay } from './warm-up'

export async function showSession(
  ctx: BridgeContext,
  tx: Queryable,
  row: SessionRow,
  reader?: Actor,
): Promise<SessionView> {
  const [view] = await showSessions(ctx, tx, [row], reader)
  return view!
}

/** All of one sub-account. */
export async function showSessions(
  ctx: BridgeContext,
  tx: Queryable,
  rows: readonly SessionRow[],
  reader?: Actor,
): Promise<SessionView[]> {
  if (rows.length === 0) return []
  const now = ctx.clock.now()
  const [traffic, settings, duplicates] = await Promise.all([
    readTraffic(tx, rows, now),
    loadSettings(tx, rows[0]!.locationId),
    findDuplicates(tx, rows, reader),
  ])
  return rows.map((row) => {
    const { sent, delivered, opened, lastAt } = traffic.get(row.id)!
    const warmUp = settings.warmUp ? warmUpDay(row.firstLinkedAt, now) : null
    const health: SessionHealth = {
      deliveredShare: sent === 0 ? null : delivered / sent,
      sent24h: sent,
      lastMessageAt: lastAt === null ? null : new Date(lastAt).toISOString(),
      warmUp: warmUp && { day: warmUp.day, limit: warmUp.limit, usedToday: opened },
    }
    return viewSession(row, health, duplicates.get(row.id) ?? null)
  })
}

interface Traffic extends Record<string, unknown> {
  id: SessionId
  sent: number
  delivered: number
  opened: number
  lastAt: string | null
}

async function readTraffic(tx: Queryable, rows: readonly SessionRow[], now: Date): Promise<Map<SessionId, Traffic>> {
  const asked = rows.map((row) => ({ id: row.id, since: warmUpDay(row.firstLinkedAt, now)?.from ?? null }))
  const dayAgo = firstIdAt(new Date(now.getTime() - 86_400_000))
  const found = await tx.execute<Traffic>(sql`
    select s.id, day.sent, day.delivered, newest.at as "lastAt",
      (select count(*)::int from chats c where c.session_id = s.id and c.opened_at >= s.since) as opened
    from json_to_recordset(${JSON.stringify(asked)}::json) as s(id uuid, since timestamptz)
    cross join lateral (
      select count(*)::int as sent, (count(*) filter (where m.status in ('delivered', 'read')))::int as delivered
      from messages m where m.session_id = s.id and m.id >= ${dayAgo} and m.direction = 'outbound'
        and m.origin <> 'phone' and m.status in ('sent', 'delivered', 'read')
    ) day
    left join lateral (
      select m.occurred_at as at from messages m where m.session_id = s.id and m.status <> 'failed'
      order by m.id desc limit 1
    ) newest on true`)
  return new Map(found.map((row) => [row.id, row]))
}
