import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { labelSyncs, type LabelSyncState } from '@/db/schema/tags'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession, requireAbility, type SessionRow } from '../reach'
import { askForBook } from '../session/ask-for-book'
import { describeNoLabels, whyNoLabels, type LabelSyncView } from './label-sync'
import { viewLabelSync } from './read'

/** Reads the labels of the phone and counts what a sync would do; writes nothing to the CRM. */
export async function previewLabelSync(ctx: BridgeContext, actor: Actor, sessionId: SessionId): Promise<LabelSyncView> {
  return await inTransaction(ctx.db, async (tx) => {
    await reachSession(tx, actor, sessionId)
    requireAbility(actor, 'edit_sessions')
    const session = await reachSession(tx, actor, sessionId, { lock: true })
    refuseWithoutLabels(session)
    if (!session.syncLabels) await beginReading(ctx, tx, session)
    return await viewLabelSync(tx, session)
  })
}

export function refuseWithoutLabels(session: SessionRow): void {
  const code = whyNoLabels(session)
  if (!code) return
  const why = describeNoLabels(code)
  throw new BridgeError('wrong_status', why, { fields: { syncLabels: why } })
}

export async function beginReading(ctx: BridgeContext, tx: Transaction, session: SessionRow): Promise<void> {
  await setSyncState(ctx, tx, session, 'reading')
  await askForBook(tx, session.id, 'labels')
}

export async function setSyncState(
  ctx: BridgeContext,
  tx: Transaction,
  session: Pick<SessionRow, 'id' | 'locationId'>,
  state: LabelSyncState,
): Promise<void> {
  // What could not be done is told until somebody decides anew; looking is no decision.
  const isDecided = state === 'running' || state === 'off'
  const set = { state, ...(isDecided && { notice: null }), changedAt: ctx.clock.now() }
  await tx
    .insert(labelSyncs)
    .values({ sessionId: session.id, ...set })
    .onConflictDoUpdate({ target: labelSyncs.sessionId, set })
  await notifyChange(tx, { locationId: session.locationId, type: 'sync', id: `labels:${session.id}` })
}

/** Of people with a contact, or whose messages will make one: what confirming would do. */
export async function countLabels(
  tx: Transaction,
  sessionId: SessionId,
): Promise<{ labels: number; contacts: number; added: number }> {
  const [row] = await tx.execute<{ labels: number; contacts: number; added: number }>(sql`
    with put as (
      select distinct p.id, l.tag, p.tags from label_marks m
      join labels l on l.session_id = m.session_id and l.label_id = m.label_id and not l.is_deleted and l.tag <> ''
      join people p on p.id = m.person_id
      where m.session_id = ${sessionId} and m.is_on
        and (p.contact_id is not null or exists (select 1 from messages where person_id = p.id))
    )
    select (select count(*)::int from labels where session_id = ${sessionId} and not is_deleted and tag <> '') as labels,
      count(distinct id)::int as contacts,
      (count(*) filter (where not coalesce(tag = any(tags), false)))::int as added
    from put`)
  return row ?? { labels: 0, contacts: 0, added: 0 }
}
