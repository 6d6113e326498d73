import { and, eq, ne, sql } from 'drizzle-orm'
import { leases, sessions } from '@/db/schema/sessions'
import { notifyChange, notifyWork } from '@/db/notify'
import { inTransaction } from '@/db/transaction'
import type { ChannelName } from '@/lib/channel/kinds'
import { BridgeError } from '@/lib/errors'
import { opaqueId, type LocationId, type SessionId } from '@/lib/ids'
import { audit } from '../audit'
import { newAccountTag } from '../contact/retag'
import type { Actor, BridgeContext } from '../context'
import { readStanding } from '../entitlement/read'
import { reachSubAccount, requireAbility } from '../reach'
import { keepNewSessionsRare } from './how-often'
import { labelTaken } from './label'
import { lowestFreePriority, type SessionView } from './session'
import { showSession } from './show'

/** Adds a session and starts linking it at once: there is no separate step to start. */
export async function createSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { locationId: LocationId; label: string; channel: ChannelName },
): Promise<SessionView> {
  return await inTransaction(ctx.db, async (tx) => {
    // Locked, so that two people adding at once get two priorities and the limit holds.
    const subAccount = await reachSubAccount(tx, actor, input.locationId, { lock: true })
    requireAbility(actor, 'manage_sessions')
    if ((await readStanding(ctx, tx, input.locationId)).state === 'ended')
      throw new BridgeError('unpaid', 'Payment is needed before a session can be added here.')
    const others = await tx
      .select({
        priority: sessions.priority,
        sameLabel: sql<boolean>`lower(${sessions.label}) = lower(${input.label})`,
      })
      .from(sessions)
      .where(and(eq(sessions.locationId, input.locationId), ne(sessions.wanted, 'removed')))
    if (others.some((other) => other.sameLabel)) throw labelTaken(input.label)
    const priority = lowestFreePriority(
      others.map((other) => other.priority),
      subAccount.maxSessions,
    )
    if (priority === null || others.length >= subAccount.maxSessions)
      throw new BridgeError(
        'limit_reached',
        `This sub-account has all of its ${subAccount.maxSessions} sessions. Delete one to add another.`,
      )
    const now = ctx.clock.now()
    await keepNewSessionsRare(tx, subAccount, now)
    const [session] = await tx
      .insert(sessions)
      .values({
        id: opaqueId<SessionId>(),
        locationId: input.locationId,
        channel: input.channel,
        label: input.label,
        accountTag: await newAccountTag(tx, input.locationId, input.label),
        priority,
        wanted: 'connected',
        status: 'starting',
        since: now,
        createdAt: now,
      })
      .returning()
    const { id } = session!
    await tx.insert(leases).values({ sessionId: id }).onConflictDoNothing()
    await audit(tx, ctx, actor, {
      locationId: input.locationId,
      action: 'session.created',
      subject: id,
      detail: { label: input.label, priority },
    })
    await notifyWork(tx, id)
    await notifyChange(tx, { locationId: input.locationId, type: 'session', id })
    return await showSession(ctx, tx, session!)
  })
}
