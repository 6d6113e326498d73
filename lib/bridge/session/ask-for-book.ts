import { and, eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyWork } from '@/db/notify'
import { bookRequests } from '@/db/schema/contact-sync'
import { inTransaction } from '@/db/transaction'
import type { OwnedSession } from '@/lib/channel/channel'
import type { SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'

/** Whoever owns the session reads all contacts or labels from the phone, now or when it is connected; kept until it has. */
export async function askForBook(tx: Transaction, sessionId: SessionId, what: 'contacts' | 'labels'): Promise<void> {
  const asked = { askedAt: sql`clock_timestamp()`, problem: null }
  await tx
    .insert(bookRequests)
    .values({ sessionId, what, ...asked })
    .onConflictDoUpdate({ target: [bookRequests.sessionId, bookRequests.what], set: asked })
  await notifyWork(tx, sessionId)
}

export async function dropBookRequest(
  tx: Transaction,
  sessionId: SessionId,
  what: 'contacts' | 'labels',
): Promise<void> {
  await tx.delete(bookRequests).where(and(eq(bookRequests.sessionId, sessionId), eq(bookRequests.what, what)))
}

/** Names what is asked for now: a reading that began before is not the one that is asked for. */
export async function openBookRequest(
  ctx: BridgeContext,
  sessionId: SessionId,
  what: 'contacts' | 'labels',
): Promise<string | null> {
  const [row] = await ctx.db
    .select({ name: requestName })
    .from(bookRequests)
    .where(and(eq(bookRequests.sessionId, sessionId), eq(bookRequests.what, what)))
  return row?.name ?? null
}

/** Whether it was still asked for. */
export async function closeBookRequest(
  tx: Transaction,
  sessionId: SessionId,
  what: 'contacts' | 'labels',
  request: string,
): Promise<boolean> {
  const closed = await tx
    .delete(bookRequests)
    .where(and(eq(bookRequests.sessionId, sessionId), eq(bookRequests.what, what), eq(requestName, request)))
    .returning({ what: bookRequests.what })
  return closed.length > 0
}

const requestName = sql<string>`extract(epoch from ${bookRequests.askedAt})::text`

/** Why it could not be read so far; people see it until it has been. */
export async function noteBookProblem(
  ctx: BridgeContext,
  session: Pick<OwnedSession, 'id' | 'locationId'>,
  what: 'contacts' | 'labels',
  problem: string,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await tx
      .update(bookRequests)
      .set({ problem })
      .where(and(eq(bookRequests.sessionId, session.id), eq(bookRequests.what, what)))
    await notifyChange(tx, { locationId: session.locationId, type: 'sync', id: `${what}:${session.id}` })
  })
}
