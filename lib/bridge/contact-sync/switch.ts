/** The switch "Sync contacts": turned on it confirms the preview and starts the run, turned off it stops it. */
import { and, eq, inArray, isNull, lt, not, sql, type SQL } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { contactSyncs, savedContacts } from '@/db/schema/contact-sync'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { LocationId, SessionId } from '@/lib/ids'
import { putDeliveries } from '@/lib/outbox/put'
import type { SessionRow } from '../reach'
import { askForBook, dropBookRequest } from '../session/ask-for-book'
import type { ContactSyncRow } from './contact-sync'

type Of = Pick<SessionRow, 'id' | 'locationId'>

/** Called in the transaction that changes the switch. */
export async function switchContactSync(tx: Transaction, session: SessionRow, on: boolean): Promise<void> {
  const row = await lockSync(tx, session.id)
  if (!on) {
    if (row && row.state !== 'off') await stop(tx, session)
    return
  }
  if (row?.state === 'ready') await startRun(tx, row)
  else if (row?.state !== 'reading' && row?.state !== 'running' && row?.state !== 'waiting')
    await beginReading(tx, session)
}

export async function lockSync(tx: Transaction, sessionId: SessionId): Promise<ContactSyncRow | undefined> {
  const [row] = await tx.select().from(contactSyncs).where(eq(contactSyncs.sessionId, sessionId)).for('update')
  return row
}

export async function beginReading(tx: Transaction, session: Of): Promise<void> {
  const anew = {
    state: 'reading' as const,
    isRead: false,
    countNew: null,
    countUpdate: null,
    countSkipped: null,
    total: null,
    problem: null,
    startedAt: null,
    finishedAt: null,
  }
  await tx
    .insert(contactSyncs)
    .values({ sessionId: session.id, locationId: session.locationId, reading: 1, ...anew })
    .onConflictDoUpdate({
      target: contactSyncs.sessionId,
      set: { ...anew, reading: sql`${contactSyncs.reading} + 1` },
    })
  await askForBook(tx, session.id, 'contacts')
  await notifySync(tx, session)
}

/** What was planned becomes due. */
export async function startRun(tx: Transaction, row: ContactSyncRow): Promise<void> {
  const ofSession = eq(savedContacts.sessionId, row.sessionId)
  const due = await tx
    .update(savedContacts)
    .set({ isDue: true, inRun: true })
    .where(and(ofSession, sql`${savedContacts.plan} is distinct from 'skip'`, sql`${savedContacts.name} is not null`))
    .returning({ key: savedContacts.key })
  await tx
    .update(contactSyncs)
    .set({ state: 'running', total: due.length, startedAt: sql`now()`, finishedAt: null, problem: null })
    .where(eq(contactSyncs.sessionId, row.sessionId))
  await putToWork(tx, row)
  await notifySync(tx, { id: row.sessionId, locationId: row.locationId })
}

/** Another phone takes the place of the one the contacts were saved on. */
export async function leavePhone(tx: Transaction, session: Pick<SessionRow, 'syncContacts'> & Of): Promise<void> {
  const row = await lockSync(tx, session.id)
  if (!row || row.state === 'off') return
  await stop(tx, session)
  if (session.syncContacts) await beginReading(tx, session)
}

/** How long a preview is kept that nobody confirms. */
const keptFor = sql`interval '1 day'`

/** What was read from phones for a sync that is not on is forgotten after a while. Any worker, any time. */
export async function sweepPreviews(db: Database): Promise<void> {
  const old = await db
    .select({ id: contactSyncs.sessionId, locationId: contactSyncs.locationId })
    .from(contactSyncs)
    .innerJoin(sessions, eq(sessions.id, contactSyncs.sessionId))
    .where(and(not(sessions.syncContacts), forgettable))
  for (const session of old)
    await inTransaction(db, async (tx) => {
      // As those who turn the switch lock them.
      const [row] = await tx
        .select({ on: sessions.syncContacts })
        .from(sessions)
        .where(eq(sessions.id, session.id))
        .for('update')
      await lockSync(tx, session.id)
      const [still] = await tx
        .select({ id: contactSyncs.sessionId })
        .from(contactSyncs)
        .where(and(eq(contactSyncs.sessionId, session.id), forgettable))
      if (still && row && !row.on) await stop(tx, session)
    })
}

const forgettable = and(
  inArray(contactSyncs.state, ['ready', 'failed']),
  lt(contactSyncs.finishedAt, sql`now() - ${keptFor}`),
)

/** What people saved on their phone is not kept for a sync that is off; which contact a number became is. */
async function stop(tx: Transaction, session: Of): Promise<void> {
  await forgetSaved(tx, eq(savedContacts.sessionId, session.id))
  await tx
    .update(contactSyncs)
    .set({ state: 'off', total: null, problem: null })
    .where(eq(contactSyncs.sessionId, session.id))
  await dropBookRequest(tx, session.id, 'contacts')
  await notifySync(tx, session)
}

/** Those of one session that are not saved any more. */
export async function forgetSaved(tx: Transaction, which: SQL | undefined): Promise<void> {
  await tx.delete(savedContacts).where(and(which, isNull(savedContacts.contactId)))
  await tx
    .update(savedContacts)
    .set({
      ...{ name: null, aliases: [], triedName: null, isDue: false, inRun: false },
      ...{ plan: null, candidates: null, outcome: null, why: null },
    })
    .where(which)
}

/**
 * One delivery at a time does what is due. Under the lock of the sync's row, so that a contact that becomes due while the
 * last delivery ends is seen by it or puts the next.
 */
export async function putToWork(
  tx: Transaction,
  row: Pick<ContactSyncRow, 'sessionId' | 'locationId' | 'isAtWork' | 'turn'>,
): Promise<void> {
  if (row.isAtWork) return
  await putNext(tx, row)
}

export async function putNext(
  tx: Transaction,
  { sessionId, locationId, turn }: Pick<ContactSyncRow, 'sessionId' | 'locationId' | 'turn'>,
): Promise<void> {
  await tx
    .update(contactSyncs)
    .set({ isAtWork: true, turn: turn + 1 })
    .where(eq(contactSyncs.sessionId, sessionId))
  await putDeliveries(tx, [
    {
      kind: 'contacts',
      key: `contacts:${sessionId}:${turn + 1}`,
      // One lane for all sessions of a sub-account: they share its pace, and one at a time asks the CRM who is there.
      lane: `contacts:${locationId}`,
      locationId,
      sessionId: null,
      subjectId: sessionId,
    },
  ])
}

export async function notifySync(tx: Transaction, { id, locationId }: { id: SessionId; locationId: LocationId }) {
  await notifyChange(tx, { locationId, type: 'sync', id: `contacts:${id}` })
}
