import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { bookRequests, contactSyncs, savedContacts } from '@/db/schema/contact-sync'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { abilitiesOf, personOf, reachSession, type SessionRow } from '../reach'
import {
  describeDetail,
  detailOf,
  explain,
  nothingSynced,
  reported,
  type ContactSyncView,
  type ReportedReason,
} from './contact-sync'

const mostReported = 200

/** Whom somebody saved on their phone is shown to those who may sync it, and to nobody else. */
export async function readContactSync(
  ctx: BridgeContext,
  actor: Actor,
  sessionId: SessionId,
): Promise<ContactSyncView> {
  const view = await viewContactSync(ctx.db, await reachSession(ctx.db, actor, sessionId))
  return abilitiesOf(personOf(actor).role).includes('edit_sessions') ? view : { ...view, report: [] }
}

export async function viewContactSync(tx: Queryable, session: SessionRow): Promise<ContactSyncView> {
  const [row] = await tx.select().from(contactSyncs).where(eq(contactSyncs.sessionId, session.id))
  if (!row) return nothingSynced
  const [request] = await tx
    .select({ problem: bookRequests.problem })
    .from(bookRequests)
    .where(and(eq(bookRequests.sessionId, session.id), eq(bookRequests.what, 'contacts')))
  const detailCode = detailOf(row, session, request?.problem != null)
  const isCounted = row.countNew !== null && row.state !== 'off'
  return {
    state: row.state,
    counts: isCounted ? { new: row.countNew ?? 0, update: row.countUpdate ?? 0, skipped: row.countSkipped ?? 0 } : null,
    progress: row.total === null || row.state === 'off' ? null : { done: await doneOf(tx, row), total: row.total },
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.state === 'ready' ? null : (row.finishedAt?.toISOString() ?? null),
    detail: (detailCode === 'unread' && request?.problem) || describeDetail(detailCode),
    detailCode,
    report: row.state === 'off' ? [] : await reportOf(tx, session.id),
  }
}

async function doneOf(tx: Queryable, row: { sessionId: SessionId; total: number | null }): Promise<number> {
  const [left] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(savedContacts)
    .where(and(eq(savedContacts.sessionId, row.sessionId), savedContacts.isDue, savedContacts.inRun))
  return (row.total ?? 0) - (left?.count ?? 0)
}

async function reportOf(tx: Queryable, sessionId: SessionId): Promise<ContactSyncView['report']> {
  const rows = await tx
    .select({ name: savedContacts.name, phone: savedContacts.phone, why: savedContacts.why })
    .from(savedContacts)
    .where(and(eq(savedContacts.sessionId, sessionId), inArray(savedContacts.why, [...reported])))
    .orderBy(savedContacts.why, savedContacts.name, savedContacts.key)
    .limit(mostReported)
  return rows.map(({ name, phone, why }) => ({
    name: name ?? '',
    phone,
    why: explain(why!),
    whyCode: why as ReportedReason,
  }))
}
