import { and, asc, eq, isNotNull, isNull } from 'drizzle-orm'
import { alerts, type AlertLevel } from '@/db/schema/entitlements'
import { sessions, type SessionStatus } from '@/db/schema/sessions'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSubAccount } from '../reach'
import { describeAlert, kindOf, type AlertKind } from './describe'

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

/** The sessions of a sub-account that need somebody now, the oldest trouble first. */
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
  return {
    items: rows.map(({ alert, label, phone }) => ({
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
    })),
  }
}
