import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyWork } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import type { SessionId } from '@/lib/ids'
import { audit } from '../audit'
import { lockPeopleOf } from '../contact/lock-people'
import { keepAffinities, keepAffinitiesLeft } from '../contact/move-affinities'
import { retag } from '../contact/retag'
import type { Actor, BridgeContext } from '../context'
import { failQueuedMessages } from '../message/fail-messages'
import { describeSession } from '../message/message'
import { reachSession, requireAbility, type SessionRow } from '../reach'
import { dropPairing } from './pairing'
import { expressWish } from './wish'

/**
 * Gone for everyone from this moment. The row stays, without a name and a priority that could be in the way, until a worker
 * has unlinked the device and erased it.
 */
export async function removeSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; removeTags?: boolean },
): Promise<void> {
  const session = await reachSession(ctx.db, actor, input.sessionId)
  requireAbility(actor, 'manage_sessions')
  await keepAffinities(ctx, session)
  await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'manage_sessions',
    action: 'session.removed',
    ...(input.removeTags ? { first: (tx: Transaction) => lockPeopleOf(tx, session) } : {}),
    async decide(tx, session) {
      const change = await removal(ctx, tx, session)
      if (input.removeTags && session.accountTag) await retag(ctx, tx, session, session.accountTag)
      return change
    },
  })
}

/** The same without a person, in a transaction that has locked the row; `keepAffinities` comes before. */
export async function eraseSession(tx: Transaction, ctx: BridgeContext, session: SessionRow): Promise<void> {
  const { id, locationId, label, status } = session
  await tx
    .update(sessions)
    .set(await removal(ctx, tx, session))
    .where(eq(sessions.id, id))
  await audit(
    tx,
    ctx,
    { kind: 'worker', name: 'jobs' },
    {
      ...{ locationId, action: 'session.erased', subject: id },
      detail: { label, status },
    },
  )
  await notifyWork(tx, id)
  await notifyChange(tx, { locationId, type: 'session', id })
}

async function removal(ctx: BridgeContext, tx: Transaction, session: SessionRow): Promise<Partial<SessionRow>> {
  await dropPairing(tx, session.id)
  await keepAffinitiesLeft(tx, session)
  await failQueuedMessages(tx, session.id, {
    code: 'session_not_found',
    message: `Not sent: ${describeSession(session)} was deleted. Choose another session, then send again.`,
  })
  const [lowest] = await tx
    .select({ priority: sql<number>`least(min(${sessions.priority}), 0) - 1` })
    .from(sessions)
    .where(eq(sessions.locationId, session.locationId))
  return {
    wanted: 'removed',
    wish: session.wish + 1,
    label: session.id,
    // Free for another session. Contacts keep it in the CRM until they move on, unless somebody wants it gone.
    accountTag: null,
    priority: lowest!.priority,
    codePhone: null,
    since: ctx.clock.now(),
  }
}
