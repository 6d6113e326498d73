import { and, asc, eq, ne, sql } from 'drizzle-orm'
import { notifyChange } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import { audit } from '../audit'
import type { Actor, BridgeContext } from '../context'
import { reachSession, reachSubAccount, requireAbility, type SubAccountRow } from '../reach'
import type { SessionView } from './session'
import { showSessions } from './show'

export interface Priorities {
  version: number
  items: SessionView[]
}

/**
 * Gives a session a priority; the one that has it takes the old one. Messages already bound stay where they are. Loses against
 * a change made since the caller looked, and says so.
 */
export async function reprioritise(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; priority: number; version?: number | undefined },
): Promise<Priorities> {
  return await inTransaction(ctx.db, async (tx) => {
    const { locationId } = await reachSession(tx, actor, input.sessionId)
    requireAbility(actor, 'edit_sessions')
    const subAccount = await reachSubAccount(tx, actor, locationId, { lock: true })
    if (input.version !== undefined && input.version !== subAccount.version)
      throw new BridgeError('changed', 'The priorities were changed by someone else. Look at them again.')
    refuseBeyond(subAccount, input.priority)
    const present = and(eq(sessions.locationId, locationId), ne(sessions.wanted, 'removed'))
    // In the order everybody locks several of them in.
    await tx.select({ id: sessions.id }).from(sessions).where(present).orderBy(sessions.id).for('no key update')
    const before = await tx.select().from(sessions).where(present).orderBy(asc(sessions.priority))
    const moved = before.find(({ id }) => id === input.sessionId)
    if (!moved) throw new BridgeError('not_found', 'There is no such session. It may have been deleted.')
    if (moved.priority === input.priority)
      return { version: subAccount.version, items: await showSessions(ctx, tx, before, actor) }
    const other = before.find(({ priority }) => priority === input.priority)
    // No two may have one number even within the transaction: the one in the way stands aside first.
    const aside = sql<number>`(select least(min(s.priority), 0) - 1 from sessions s where s.location_id = ${locationId})`
    if (other) await tx.update(sessions).set({ priority: aside }).where(eq(sessions.id, other.id))
    await tx.update(sessions).set({ priority: input.priority }).where(eq(sessions.id, moved.id))
    if (other) await tx.update(sessions).set({ priority: moved.priority }).where(eq(sessions.id, other.id))
    const [{ version } = { version: 0 }] = await tx
      .update(subAccounts)
      .set({ version: subAccount.version + 1 })
      .where(eq(subAccounts.id, locationId))
      .returning({ version: subAccounts.version })
    const after = await tx.select().from(sessions).where(present).orderBy(asc(sessions.priority))
    const numbers = (rows: typeof after) => Object.fromEntries(rows.map(({ id, priority }) => [id, priority]))
    await audit(tx, ctx, actor, {
      ...{ locationId, action: 'session.priority_changed', subject: moved.id },
      detail: { before: numbers(before), after: numbers(after) },
    })
    for (const { id } of other ? [moved, other] : [moved]) await notifyChange(tx, { locationId, type: 'session', id })
    return { version, items: await showSessions(ctx, tx, after, actor) }
  })
}

export function refuseBeyond(subAccount: SubAccountRow, priority: number): void {
  if (priority <= subAccount.maxSessions) return
  throw new BridgeError('bad_request', `Priorities of this sub-account go from 1 to ${subAccount.maxSessions}.`, {
    fields: { priority: `from 1 to ${subAccount.maxSessions}` },
  })
}
