import { and, asc, eq, gt, ne } from 'drizzle-orm'
import { sessions } from '@/db/schema/sessions'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { formatCursor, parseCursor, type Page, type PageRequest } from '../paging'
import { reachSubAccount } from '../reach'
import type { SessionView } from './session'
import { showSessions } from './show'

export interface SessionPage extends Page<SessionView> {
  /** Of the priorities; moves with every change of them. */
  version: number
}

/** The sub-account's sessions by priority. */
export async function listSessions(
  ctx: BridgeContext,
  actor: Actor,
  input: PageRequest & { locationId: LocationId },
): Promise<SessionPage> {
  // Read before the sessions: a change in between then looks like somebody else's, never like one that was seen.
  const { version } = await reachSubAccount(ctx.db, actor, input.locationId)
  const [after] = input.cursor === undefined ? [undefined] : parseCursor(input.cursor, ['number'])
  const rows = await ctx.db
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.locationId, input.locationId),
        ne(sessions.wanted, 'removed'),
        after === undefined ? undefined : gt(sessions.priority, Number(after)),
      ),
    )
    .orderBy(asc(sessions.priority))
    .limit(input.limit + 1)
  const shown = rows.slice(0, input.limit)
  return {
    items: await showSessions(ctx, ctx.db, shown, actor),
    nextCursor: rows.length > input.limit ? formatCursor([shown.at(-1)!.priority]) : null,
    version,
  }
}
