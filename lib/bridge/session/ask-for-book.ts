import { and, eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyWork } from '@/db/notify'
import { bookRequests } from '@/db/schema/contact-sync'
import type { OwnedSession } from '@/lib/channel/channel'
import type { SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'

/** Whoever owns the session reads all contacts or labels from the phone, now or when it is connected; kept until it has. */
export async function askForBook(tx: Transaction, sessionId: SessionId, what: 'contacts' | 'labels'): Promise<void> {
  await tx
    .insert(bookRequests)
    .values({ sessionId, what })
    .onConflictDoUpdate({ target: [bookRequests.sessionId, bookRequests.what], set: { problem: null } })
  await notifyWork(tx, sessionId)
}

export async function dropBookRequest(
  tx: Transaction,
  sessionId: SessionId,
  what: 'contacts' | 'labels',
): Promise<void> {
  await tx.delete(bookRequests).where(and(eq(bookRequests.sessionId, sessionId), eq(bookRequests.what, what)))
}

/** Why it could not be read so far; people see it until it has been. */
export async function noteBookProblem(
  ctx: BridgeContext,
  session: Pick<OwnedSession, 'id' | 'locationId'>,
  what: 'contacts' | 'labels',
  problem: string,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await tx
      .update(bookRequests)
      .set({ problem })
      .where(and(eq(bookRequests.sessionId, session.id), eq(bookRequests.what, what)))
    await notifyChange(tx, { locationId: session.locationId, type: 'sync', id: `${what}:${session.id}` })
  })
}
