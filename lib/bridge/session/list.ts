import { and, asc, eq, gt, ne } from 'drizzle-orm'
import { sessions } from '@/db/schema/sessions'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { pageOf, parseCursor, type Page, type PageRequest } from '../paging'
import { reachSubAccount } from '../reach'
import { viewSession, type SessionView } from './session'

/** The sub-account's sessions by priority. */
export async function listSessions(
  ctx: BridgeContext,
  actor: Actor,
  input: PageRequest & { locationId: LocationId },
): Promise<Page<SessionView>> {
  await reachSubAccount(ctx.db, actor, input.locationId)
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
  return pageOf(rows, input.limit, viewSession, (row) => [row.priority])
}
