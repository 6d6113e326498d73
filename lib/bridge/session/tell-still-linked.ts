import { and, desc, eq, inArray } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { auditEntries } from '@/db/schema/sub-accounts'
import { putMail } from '../alert/put-mail'
import { audit } from '../audit'
import type { BridgeContext } from '../context'
import type { SessionRow } from '../reach'

/** WhatsApp could not be told that a device is given up: only somebody with the phone can remove it there now. */
export async function tellStillLinked(tx: Transaction, ctx: BridgeContext, session: SessionRow): Promise<void> {
  const { id, locationId, phone } = session
  const label = session.wanted === 'removed' ? await labelBefore(tx, session) : session.label
  await audit(
    tx,
    ctx,
    { kind: 'worker', name: 'sessions' },
    { ...{ locationId, action: 'session.still_linked', subject: id }, detail: { label } },
  )
  await putMail(tx, ctx, {
    ...{ key: `still linked ${id} ${session.wish} ${session.since.toISOString()}`, locationId, kind: 'still_linked' },
    facts: { label, phone, since: session.since.toISOString() },
  })
  await notifyChange(tx, { locationId, type: 'alert', id: locationId })
}

/** Whoever deletes a session frees its name; what it was is in the audit. */
async function labelBefore(tx: Transaction, { id, locationId, label }: SessionRow): Promise<string> {
  const [entry] = await tx
    .select({ detail: auditEntries.detail })
    .from(auditEntries)
    .where(
      and(
        eq(auditEntries.locationId, locationId),
        eq(auditEntries.subject, id),
        inArray(auditEntries.action, ['session.removed', 'session.erased']),
      ),
    )
    .orderBy(desc(auditEntries.id))
    .limit(1)
  return typeof entry?.detail.label === 'string' ? entry.detail.label : label
}
