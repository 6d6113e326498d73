import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { OwnedSession } from '@/lib/channel/channel'
import type { BridgeContext } from '../context'
import { failQueuedMessages } from '../message/fail-messages'
import type { SessionRow } from '../reach'
import { fence } from './fence'
import { failureAtRest } from './standing'
import { tellStillLinked } from './tell-still-linked'

/**
 * The device is given up: a logged-out session rests, a removed one is erased with its keys. `confirmed`: WhatsApp knows; where
 * it could not be told, people are.
 */
export async function giveUpSession(
  ctx: BridgeContext,
  owned: OwnedSession,
  { confirmed }: { confirmed: boolean },
): Promise<void> {
  // Nobody will try again what the device had on its way. Committed first: PostgreSQL checks rows changed in a transaction
  // against rows erased later in it, and the erasing takes the chats of these messages along.
  await inTransaction(ctx.db, async (tx) => {
    const session = await lockOwned(tx, owned)
    if (session && session.wanted !== 'connected')
      await failQueuedMessages(tx, session.id, failureAtRest(session), { inDoubtToo: true })
  })
  await inTransaction(ctx.db, async (tx) => {
    const session = await lockOwned(tx, owned)
    if (session?.isLinked && !confirmed) await tellStillLinked(tx, ctx, session)
    if (session?.wanted === 'removed') await tx.delete(sessions).where(eq(sessions.id, owned.id))
    else await tx.update(sessions).set({ isLinked: false, aliases: [] }).where(eq(sessions.id, owned.id))
    await notifyChange(tx, { locationId: owned.locationId, type: 'session', id: owned.id })
  })
}

async function lockOwned(tx: Transaction, owned: OwnedSession): Promise<SessionRow | undefined> {
  await fence(tx, owned)
  const [session] = await tx.select().from(sessions).where(eq(sessions.id, owned.id)).for('update')
  return session
}
