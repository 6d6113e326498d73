import { and, eq, sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { bookRequests } from '@/db/schema/contact-sync'
import { labelSyncs, type LabelSyncState } from '@/db/schema/tags'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession, type SessionRow } from '../reach'
import {
  describeLabelDetail,
  describeLabelNotice,
  describeNoLabels,
  labelDetailOf,
  whyNoLabels,
  type LabelSyncView,
} from './label-sync'

export async function readLabelSync(ctx: BridgeContext, actor: Actor, sessionId: SessionId): Promise<LabelSyncView> {
  return await viewLabelSync(ctx.db, await reachSession(ctx.db, actor, sessionId))
}

export async function viewLabelSync(tx: Queryable, session: SessionRow): Promise<LabelSyncView> {
  const [row] = await tx.select().from(labelSyncs).where(eq(labelSyncs.sessionId, session.id))
  const whyCode = whyNoLabels(session)
  const state = row?.state === 'running' ? await stateOfRun(tx, session.id) : (row?.state ?? 'off')
  const [request] = await tx
    .select({ problem: bookRequests.problem })
    .from(bookRequests)
    .where(and(eq(bookRequests.sessionId, session.id), eq(bookRequests.what, 'labels')))
  const detailCode = labelDetailOf(state, session, request?.problem != null)
  return {
    state,
    available: whyCode === null,
    why: whyCode && describeNoLabels(whyCode),
    whyCode,
    counts: state === 'off' ? null : (row?.counts ?? null),
    detail: (detailCode === 'unread' && request?.problem) || describeLabelDetail(detailCode),
    detailCode,
    notice: row?.notice ? describeLabelNotice(row.notice) : null,
    labels: await labelsOf(tx, session.id),
  }
}

/** A run is over when nobody who carries a label waits for their tags any more. */
async function stateOfRun(tx: Queryable, sessionId: SessionId): Promise<LabelSyncState> {
  const [left] = await tx.execute<{ waiting: number; failing: number }>(sql`
    select count(*)::int as waiting, (count(*) filter (where d.last_error is not null))::int as failing
    from (select distinct person_id from label_marks where session_id = ${sessionId}) m
    join deliveries d on d.key = 'tag:' || m.person_id and d.state = 'ready'`)
  if (!left || left.waiting === 0) return 'done'
  return left.failing > 0 ? 'waiting' : 'running'
}

async function labelsOf(tx: Queryable, sessionId: SessionId): Promise<LabelSyncView['labels']> {
  const rows = await tx.execute<LabelSyncView['labels'][number]>(sql`
    select l.name, l.tag, (count(m.person_id) filter (where m.is_on))::int as contacts
    from labels l left join label_marks m on m.session_id = l.session_id and m.label_id = l.label_id
    where l.session_id = ${sessionId} and not l.is_deleted and l.tag <> ''
    group by l.label_id, l.name, l.tag order by l.name, l.label_id`)
  return rows.map(({ name, tag, contacts }) => ({ name, tag, contacts }))
}
