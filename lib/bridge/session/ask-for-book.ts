import { and, eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyWork } from '@/db/notify'
import { bookRequests } from '@/db/schema/contact-sync'
import type { SessionId } from '@/lib/ids'

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
