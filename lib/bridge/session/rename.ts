import { and, eq, ne, sql } from 'drizzle-orm'
import { notifyChange } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import type { SessionId } from '@/lib/ids'
import { audit } from '../audit'
import type { Actor, BridgeContext } from '../context'
import { reachSession, reachSubAccount, requireAbility } from '../reach'
import { labelTaken } from './label'
import { viewSession, type SessionView } from './session'

export async function renameSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; label: string },
): Promise<SessionView> {
  return await ctx.db.transaction(async (tx) => {
    const { locationId } = await reachSession(tx, actor, input.sessionId)
    requireAbility(actor, 'edit_sessions')
    // Names are given under the sub-account's lock, here and on creation, so two people cannot give the same one at once.
    await reachSubAccount(tx, actor, locationId, { lock: true })
    const before = await reachSession(tx, actor, input.sessionId, { lock: true })
    if (before.label === input.label) return viewSession(before)
    const [namesake] = await tx
      .select({ id: sessions.id })
      .from(sessions)
      .where(
        and(
          eq(sessions.locationId, locationId),
          ne(sessions.id, input.sessionId),
          sql`lower(${sessions.label}) = lower(${input.label})`,
        ),
      )
    if (namesake) throw labelTaken(input.label)
    const [after] = await tx
      .update(sessions)
      .set({ label: input.label })
      .where(eq(sessions.id, input.sessionId))
      .returning()
    await audit(tx, ctx, actor, {
      locationId,
      action: 'session.renamed',
      subject: input.sessionId,
      detail: { from: before.label, to: input.label },
    })
    await notifyChange(tx, { locationId, type: 'session', id: input.sessionId })
    return viewSession(after!)
  })
}
