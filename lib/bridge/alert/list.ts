import { and, asc, eq, gt, isNotNull, isNull } from 'drizzle-orm'
import { alerts, mails, type AlertLevel } from '@/db/schema/entitlements'
import { sessions, type SessionStatus } from '@/db/schema/sessions'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSubAccount } from '../reach'
import { describeAlert, describeStillLinked, kindOf, type AlertKind } from './describe'
import type { MailFacts } from './mail-texts'

export interface AlertView {
  id: string
  kind: AlertKind
  sessionId: string | null
  label: string | null
  phone: string | null
  status: SessionStatus | null
  reason: string | null
  text: string
  since: string
  level: AlertLevel
}

/** How long a device that has to be removed on its phone is shown: nobody can tell us that it was. */
const stillLinkedForMs = 24 * 3_600_000

/** The sessions of a sub-account that need somebody now, the oldest trouble first, and devices that are to be removed by hand. */
export async function listAlerts(
  ctx: BridgeContext,
  actor: Actor,
  locationId: LocationId,
): Promise<{ items: AlertView[] }> {
  await reachSubAccount(ctx.db, actor, locationId)
  const rows = await ctx.db
    .select({ alert: alerts, label: sessions.label, phone: sessions.phone })
    .from(alerts)
    .innerJoin(sessions, eq(sessions.id, alerts.sessionId))
    .where(and(eq(alerts.locationId, locationId), isNull(alerts.resolvedAt), isNotNull(alerts.raisedAt)))
    .orderBy(asc(alerts.since), asc(alerts.id))
  // Of a session that may be gone, what was told of it is all there is.
  const told = await ctx.db
    .select({ id: mails.id, facts: mails.facts })
    .from(mails)
    .where(
      and(
        eq(mails.locationId, locationId),
        eq(mails.kind, 'still_linked'),
        gt(mails.createdAt, new Date(ctx.clock.now().getTime() - stillLinkedForMs)),
      ),
    )
    .orderBy(asc(mails.createdAt))
  const stillLinked = told.map(({ id, facts }): AlertView => {
    // Written by `putMail`.
    const { label, phone, since } = facts as unknown as MailFacts['still_linked']
    return {
      ...{ id, kind: 'still_linked', sessionId: null, label, phone, status: null, reason: null },
      ...{ text: describeStillLinked({ label, phone }), since, level: 'red' },
    }
  })
  const items = rows.map(({ alert, label, phone }): AlertView => ({
    id: alert.id,
    kind: kindOf(alert.level),
    sessionId: alert.sessionId,
    label,
    phone,
    status: alert.status,
    reason: alert.reason,
    text: describeAlert({ label, phone, status: alert.status, reason: alert.reason }),
    since: alert.since.toISOString(),
    level: alert.level,
  }))
  return { items: [...items, ...stillLinked] }
}
