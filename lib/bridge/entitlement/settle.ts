import { and, eq, inArray, ne } from 'drizzle-orm'
import type { Queryable, Transaction } from '@/db/client'
import { notifyChange, notifyJob, notifyWork } from '@/db/notify'
import { entitlements } from '@/db/schema/entitlements'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import type { LocationId } from '@/lib/ids'
import { putMail } from '../alert/put-mail'
import { keepAffinities } from '../contact/move-affinities'
import type { BridgeContext } from '../context'
import { failQueuedMessages } from '../message/fail-messages'
import { describeSession } from '../message/message'
import type { SessionRow } from '../reach'
import { dropPairing } from '../session/pairing'
import { eraseSession } from '../session/remove'
import { beginTrial } from './begin-trial'
import { resumption, suspension } from './overlay'
import { isNothing, planSettlement, type Facts, type Plan } from './plan'

/**
 * Brings every sub-account to what its trial, payment and allowance say now: told of, suspended, hung up, back, erased. Any
 * worker may run it at any time, several at once too: each sub-account is decided again under the locks of its rows.
 */
export async function settleEntitlements(ctx: BridgeContext): Promise<void> {
  const ids = await ctx.db.select({ id: subAccounts.id }).from(subAccounts).where(ne(subAccounts.status, 'uninstalled'))
  for (let at = 0; at < ids.length; at += atOnce) {
    const facts = await readFacts(
      ctx,
      ctx.db,
      ids.slice(at, at + atOnce).map(({ id }) => id),
    )
    for (const each of facts) {
      const plan = planSettlement(each, ctx.clock.now())
      if (isNothing(plan)) continue
      try {
        for (const session of each.sessions) if (plan.erase.includes(session.id)) await keepAffinities(ctx, session)
        await inTransaction(ctx.db, (tx) => settleEntitlement(tx, ctx, each.locationId))
      } catch (error) {
        // One sub-account must not keep the others waiting; the next round tries it again.
        ctx.log.warn({ locationId: each.locationId, err: error }, 'entitlement not settled yet')
      }
    }
  }
}

const atOnce = 500

export async function settleEntitlement(
  tx: Transaction,
  ctx: BridgeContext,
  locationId: LocationId,
  options: { announce?: boolean } = {},
): Promise<void> {
  // Sessions first, as whoever changes one of them and then looks at the entitlement.
  const rows = await tx
    .select()
    .from(sessions)
    .where(and(eq(sessions.locationId, locationId), ne(sessions.wanted, 'removed')))
    .orderBy(sessions.id)
    .for('no key update')
  await tx
    .select({ id: entitlements.locationId })
    .from(entitlements)
    .where(eq(entitlements.locationId, locationId))
    .for('update')
  const [facts] = await readFacts(ctx, tx, [locationId])
  if (!facts) return
  const plan = planSettlement(facts, ctx.clock.now())
  if (options.announce) await notifyChange(tx, { locationId, type: 'entitlement', id: locationId })
  if (isNothing(plan)) return

  const byId = new Map(rows.map((row) => [row.id, row]))
  const of = (ids: readonly SessionRow['id'][]) => ids.flatMap((id) => byId.get(id) ?? [])
  if (plan.beginTrial) {
    const phones = rows.flatMap((row) => (row.isLinked && row.phone ? [row.phone] : []))
    await beginTrial(tx, ctx, locationId, phones)
  }
  if (plan.change) await tx.update(entitlements).set(plan.change).where(eq(entitlements.locationId, locationId))
  for (const row of of(plan.suspend)) await suspend(tx, ctx, row, plan.suspendedSince)
  for (const row of of(plan.hangUp)) await change(tx, row, { hungUpAt: ctx.clock.now() })
  for (const row of of(plan.resume)) await change(tx, row, resumption(row, ctx.clock.now()))
  for (const row of of(plan.erase)) await eraseSession(tx, ctx, row)
  if (plan.tell) await tell(tx, ctx, locationId, plan, plan.tell)
  const changed = [plan.suspend, plan.resume, plan.hangUp, plan.erase].reduce((sum, ids) => sum + ids.length, 0)
  ctx.log.info({ locationId, status: plan.standing.state, count: changed }, 'entitlement settled')
  await notifyChange(tx, { locationId, type: 'entitlement', id: locationId })
  await notifyJob(tx, 'alerts')
}

async function readFacts(ctx: BridgeContext, tx: Queryable, locationIds: readonly LocationId[]): Promise<Facts[]> {
  const ids = [...locationIds]
  const [places, rows, held, paid] = await Promise.all([
    tx
      .select({ locationId: subAccounts.id, maxSessions: subAccounts.maxSessions })
      .from(subAccounts)
      .where(inArray(subAccounts.id, ids)),
    tx.select().from(entitlements).where(inArray(entitlements.locationId, ids)),
    tx
      .select()
      .from(sessions)
      .where(and(inArray(sessions.locationId, ids), ne(sessions.wanted, 'removed'))),
    ctx.entitlements.paidFor(tx, ids),
  ])
  const rowOf = new Map(rows.map((row) => [row.locationId, row]))
  const sessionsOf = Map.groupBy(held, (session) => session.locationId)
  return places.map(({ locationId, maxSessions }) => ({
    ...{ locationId, maxSessions },
    ...{ row: rowOf.get(locationId) ?? null, paid: paid.get(locationId) ?? null },
    sessions: sessionsOf.get(locationId) ?? [],
  }))
}

async function suspend(tx: Transaction, ctx: BridgeContext, row: SessionRow, since: Date): Promise<void> {
  await dropPairing(tx, row.id)
  await failQueuedMessages(tx, row.id, {
    code: 'session_unpaid',
    message: `Not sent: ${describeSession(row)} is waiting for payment. Look at Sessions.`,
  })
  await change(tx, row, suspension(row, since))
}

async function change(tx: Transaction, row: SessionRow, to: Partial<SessionRow>): Promise<void> {
  await tx.update(sessions).set(to).where(eq(sessions.id, row.id))
  await notifyWork(tx, row.id)
  await notifyChange(tx, { locationId: row.locationId, type: 'session', id: row.id })
}

async function tell(
  tx: Transaction,
  ctx: BridgeContext,
  locationId: LocationId,
  { standing }: Plan,
  { key, what, at }: NonNullable<Plan['tell']>,
): Promise<void> {
  const facts = { at: at.toISOString(), by: standing.by }
  await putMail(tx, ctx, { key: `entitlement ${locationId} ${key}`, locationId, kind: what, facts })
}
