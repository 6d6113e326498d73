import type { OwnedSession } from '@/lib/channel/channel'
import { inTransaction } from '@/db/transaction'
import { hearContactsRead } from '../contact-sync/hear-contacts-read'
import type { BridgeContext } from '../context'
import { hearLabelsRead } from '../labels/hear-labels-read'
import { closeBookRequest } from './ask-for-book'
import { fence } from './fence'

/**
 * All there was has been heard: nobody has to read it again, and what it was read for goes on. A reading nobody asks for any
 * more, or that began before it was asked for anew, may lack what was heard in between, and counts for nothing. Throws
 * LostOwnership.
 */
export async function hearBookRead(
  ctx: BridgeContext,
  session: OwnedSession,
  what: 'contacts' | 'labels',
  request: string,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await fence(tx, session)
    if (!(await closeBookRequest(tx, session.id, what, request))) return
    if (what === 'contacts') await hearContactsRead(tx, session)
    else await hearLabelsRead(ctx, tx, session)
  })
}
