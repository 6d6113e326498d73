import { and, eq, isNotNull, ne, notInArray } from 'drizzle-orm'
import { notifyChange } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { LocationId, UserId } from '@/lib/ids'
import { putMail } from '../alert/put-mail'
import { audit } from '../audit'
import type { BridgeContext } from '../context'

/** Sessions assigned to somebody who is no user of the sub-account any more are nobody's; its administrators are told. */
export async function clearAssignments(
  ctx: BridgeContext,
  input: { locationId: LocationId; users: readonly UserId[] },
): Promise<void> {
  // A sub-account without any user is more likely an answer that went wrong.
  if (input.users.length === 0) return
  const isOrphaned = and(
    eq(sessions.locationId, input.locationId),
    ne(sessions.wanted, 'removed'),
    isNotNull(sessions.assignedUserId),
    notInArray(sessions.assignedUserId, [...input.users]),
  )
  const [any] = await ctx.db.select({ id: sessions.id }).from(sessions).where(isOrphaned).limit(1)
  if (!any) return
  await inTransaction(ctx.db, async (tx) => {
    const orphaned = await tx.select().from(sessions).where(isOrphaned).orderBy(sessions.id).for('no key update')
    for (const { id, label, phone, assignedUserId } of orphaned) {
      await tx.update(sessions).set({ assignedUserId: null }).where(eq(sessions.id, id))
      await audit(
        tx,
        ctx,
        { kind: 'worker', name: 'users' },
        {
          ...{ locationId: input.locationId, action: 'session.unassigned', subject: id },
          detail: { user: assignedUserId },
        },
      )
      await putMail(tx, ctx, {
        key: `unassigned:${id}:${assignedUserId}:${ctx.clock.now().toISOString().slice(0, 10)}`,
        ...{ locationId: input.locationId, kind: 'unassigned', facts: { label, phone } },
      })
      await notifyChange(tx, { locationId: input.locationId, type: 'session', id })
    }
  })
}
