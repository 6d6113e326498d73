import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { sessions } from '@/db/schema/sessions'
import { labelSyncs } from '@/db/schema/tags'
import type { OwnedSession } from '@/lib/channel/channel'
import { lockPeopleOf } from '../contact/lock-people'
import type { BridgeContext } from '../context'
import { applyLabels } from './switch'
import { countLabels, setSyncState } from './preview'

/** All labels of the phone are known: what they would do is counted, or done where the switch is on already. */
export async function hearLabelsRead(
  ctx: BridgeContext,
  tx: Transaction,
  owned: Pick<OwnedSession, 'id'>,
): Promise<void> {
  const [known] = await tx.select().from(sessions).where(eq(sessions.id, owned.id))
  if (known?.syncLabels) await lockPeopleOf(tx, known)
  const [session] = await tx.select().from(sessions).where(eq(sessions.id, owned.id)).for('no key update')
  const [sync] = await tx.select().from(labelSyncs).where(eq(labelSyncs.sessionId, owned.id)).for('update')
  if (!session || sync?.state !== 'reading') return
  const counts = await countLabels(tx, session.id)
  await tx.update(labelSyncs).set({ counts }).where(eq(labelSyncs.sessionId, session.id))
  if (session.syncLabels) await applyLabels(ctx, tx, session)
  else await setSyncState(ctx, tx, session, 'ready')
}
