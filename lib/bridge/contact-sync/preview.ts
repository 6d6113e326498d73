import { eq } from 'drizzle-orm'
import { contactSyncs } from '@/db/schema/contact-sync'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession, requireAbility } from '../reach'
import type { ContactSyncView } from './contact-sync'
import { viewContactSync } from './read'
import { beginReading } from './switch'

/** Reads the whole address book and counts what a sync would do. While one is being read or run this changes nothing. */
export async function previewContactSync(
  ctx: BridgeContext,
  actor: Actor,
  sessionId: SessionId,
): Promise<ContactSyncView> {
  return await inTransaction(ctx.db, async (tx) => {
    await reachSession(tx, actor, sessionId)
    requireAbility(actor, 'edit_sessions')
    const session = await reachSession(tx, actor, sessionId, { lock: true })
    if (!session.isLinked) {
      throw new BridgeError('wrong_status', 'No phone is linked to this session. Link one, then sync its contacts.')
    }
    const [row] = await tx
      .select({ state: contactSyncs.state })
      .from(contactSyncs)
      .where(eq(contactSyncs.sessionId, sessionId))
      .for('update')
    const isBusy = row?.state === 'reading' || row?.state === 'running' || row?.state === 'waiting'
    if (!isBusy) await beginReading(tx, session)
    return await viewContactSync(tx, session)
  })
}
