import { and, eq, lt } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { contactSyncs, savedContacts } from '@/db/schema/contact-sync'
import type { OwnedSession } from '@/lib/channel/channel'
import { forgetSaved, lockSync, notifySync, putToWork } from './switch'

/** The book is complete: what it did not bring is not saved any more, and what it did is compared with the CRM. */
export async function hearContactsRead(tx: Transaction, session: OwnedSession): Promise<void> {
  const row = await lockSync(tx, session.id)
  if (row?.state !== 'reading' || row.isRead) return
  await forgetSaved(tx, and(eq(savedContacts.sessionId, session.id), lt(savedContacts.reading, row.reading)))
  await tx.update(contactSyncs).set({ isRead: true }).where(eq(contactSyncs.sessionId, session.id))
  await putToWork(tx, row)
  await notifySync(tx, session)
}
