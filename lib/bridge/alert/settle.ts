import { and, eq, inArray, isNull, lte, ne, or, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { alerts } from '@/db/schema/entitlements'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import { orderedId, type AlertId, type SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import type { SessionRow } from '../reach'
import { judgeAlert, type AlertRow } from './judge'
import { putMail } from './put-mail'

/**
 * Raises, repeats and ends alerts by what the sessions are now. Any worker may run it at any time, several at once too: each
 * session is judged again under its lock.
 */
export async function settleAlerts(ctx: BridgeContext): Promise<void> {
  const isOpen = and(eq(alerts.sessionId, sessions.id), isNull(alerts.resolvedAt))
  const looked = await ctx.db
    .select({ id: sessions.id })
    .from(sessions)
    .leftJoin(alerts, isOpen)
    .where(
      or(
        and(isNull(alerts.id), inArray(sessions.status, troubled), ne(sessions.wanted, 'removed')),
        and(
          sql`${alerts.id} is not null`,
          or(
            ne(alerts.status, sessions.status),
            sql`${alerts.reason} is distinct from ${sessions.reason}`,
            eq(sessions.wanted, 'removed'),
            lte(alerts.dueAt, ctx.clock.now()),
          ),
        ),
      ),
    )
  for (const { id } of looked) {
    try {
      await inTransaction(ctx.db, (tx) => settleAlert(tx, ctx, id))
    } catch (error) {
      ctx.log.warn({ sessionId: id, err: error }, 'alert not settled yet')
    }
  }
}

const troubled = ['starting', 'awaiting_link', 'linking', 'reconnecting', 'logged_out', 'banned', 'failed'] as const

async function settleAlert(tx: Transaction, ctx: BridgeContext, id: SessionId): Promise<void> {
  const [session] = await tx.select().from(sessions).where(eq(sessions.id, id)).for('no key update')
  if (!session) return
  const [open] = await tx
    .select()
    .from(alerts)
    .where(and(eq(alerts.sessionId, id), isNull(alerts.resolvedAt)))
  const now = ctx.clock.now()
  const verdict = judgeAlert(session, open ?? null, now)
  const { status, reason } = session
  switch (verdict.do) {
    case 'nothing':
      if (open) await tx.update(alerts).set({ status, reason }).where(eq(alerts.id, open.id))
      return
    case 'watch':
      await openAlert(tx, session, { since: verdict.since, dueAt: verdict.dueAt, level: 'amber' })
      return
    case 'forget':
      await tx.delete(alerts).where(eq(alerts.id, open!.id))
      return
    case 'raise': {
      const { level, since, told, dueAt } = verdict
      const raised = { level, since, told, dueAt, status, reason, raisedAt: now }
      const [alert] = open
        ? await tx.update(alerts).set(raised).where(eq(alerts.id, open.id)).returning()
        : [await openAlert(tx, session, raised)]
      await tell(tx, ctx, session, alert!)
      break
    }
    case 'change': {
      const { level, told, dueAt, tell: isTold } = verdict
      const isWorse = level !== open!.level
      const [alert] = await tx
        .update(alerts)
        .set({ level, told, dueAt, status, reason, ...(isWorse ? { raisedAt: now } : {}) })
        .where(eq(alerts.id, open!.id))
        .returning()
      if (isTold) await tell(tx, ctx, session, alert!)
      break
    }
    case 'resolve':
      await tx.update(alerts).set({ resolvedAt: now, dueAt: null }).where(eq(alerts.id, open!.id))
      if (verdict.tellBack)
        await putMail(tx, ctx, {
          ...{ key: `alert ${open!.id} back`, locationId: session.locationId, kind: 'back' },
          facts: { label: session.label, phone: session.phone },
        })
  }
  await notifyChange(tx, { locationId: session.locationId, type: 'alert', id: session.locationId })
}

async function openAlert(
  tx: Transaction,
  { id, locationId, status, reason }: SessionRow,
  alert: Pick<AlertRow, 'level' | 'since' | 'dueAt'> & Partial<AlertRow>,
): Promise<AlertRow> {
  const [row] = await tx
    .insert(alerts)
    .values({ status, reason, ...alert, id: orderedId<AlertId>(), locationId, sessionId: id })
    .returning()
  return row!
}

async function tell(tx: Transaction, ctx: BridgeContext, session: SessionRow, alert: AlertRow): Promise<void> {
  const { label, phone, locationId } = session
  const { level, status, reason, told } = alert
  await putMail(tx, ctx, {
    key: `alert ${alert.id} ${level} ${told}`,
    locationId,
    kind: level === 'red' ? 'down' : 'slow',
    facts: { label, phone, status, reason, since: alert.since.toISOString() },
  })
}
