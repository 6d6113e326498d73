import { and, eq, gte, isNotNull, ne, sql } from 'drizzle-orm'
import { messages } from '@/db/schema/messages'
import { sessions } from '@/db/schema/sessions'
import { channelKinds } from '@/lib/channel/kinds'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { firstIdAt } from '../message/since'
import { reachSession, reachSubAccount, requireAbility } from '../reach'
import { refuseBeyond } from './reprioritise'

export interface PriorityPreview {
  version: number
  changes: {
    /** As it would be written. */
    code: string
    /** What it will mean; null: nothing any more. */
    sessionId: SessionId | null
    label: string | null
    /** Messages of the last 30 days that used it. */
    uses: number
  }[]
}

const monthMs = 30 * 86_400_000

/** What each code would mean if the session had another priority. Changes nothing. */
export async function previewPriority(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; to: number },
): Promise<PriorityPreview> {
  const moved = await reachSession(ctx.db, actor, input.sessionId)
  requireAbility(actor, 'edit_sessions')
  const subAccount = await reachSubAccount(ctx.db, actor, moved.locationId)
  refuseBeyond(subAccount, input.to)
  if (moved.priority === input.to) return { version: subAccount.version, changes: [] }
  const named = sql<number>`substring(${messages.trace}->>'code' from '[0-9]+')::int`
  const [[other], used] = await Promise.all([
    ctx.db
      .select({ id: sessions.id, label: sessions.label })
      .from(sessions)
      .where(
        and(eq(sessions.locationId, moved.locationId), eq(sessions.priority, input.to), ne(sessions.wanted, 'removed')),
      ),
    ctx.db
      .select({ priority: named, uses: sql<number>`count(*)::int` })
      .from(messages)
      .where(
        and(
          eq(messages.locationId, moved.locationId),
          gte(messages.id, firstIdAt(new Date(ctx.clock.now().getTime() - monthMs))),
          isNotNull(sql`${messages.trace}->>'code'`),
        ),
      )
      .groupBy(named),
  ])
  const prefix = channelKinds[moved.channel].routingPrefix
  const change = (priority: number, session: { id: SessionId; label: string } | null) => ({
    code: `#${prefix}${priority}`,
    sessionId: session?.id ?? null,
    label: session?.label ?? null,
    uses: used.find((row) => row.priority === priority)?.uses ?? 0,
  })
  const changes = [
    { priority: input.to, session: { id: moved.id, label: moved.label } },
    { priority: moved.priority, session: other ?? null },
  ]
  return {
    version: subAccount.version,
    changes: changes.sort((a, b) => a.priority - b.priority).map(({ priority, session }) => change(priority, session)),
  }
}
