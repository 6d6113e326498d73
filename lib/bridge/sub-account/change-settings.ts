import { isDeepStrictEqual } from 'node:util'
import { and, eq, ne, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { LocationId } from '@/lib/ids'
import { audit } from '../audit'
import type { Actor, BridgeContext } from '../context'
import { reachSubAccount, requireAbility } from '../reach'
import { settingsOf, type RoutingRule, type Settings } from './settings'

export type SettingsChange = { [Key in keyof Settings]?: Settings[Key] | undefined }

/** Changes any of the settings; routing rules are replaced as a list. */
export async function changeSettings(
  ctx: BridgeContext,
  actor: Actor,
  input: { locationId: LocationId; change: SettingsChange },
): Promise<Settings> {
  return await inTransaction(ctx.db, async (tx) => {
    const row = await reachSubAccount(tx, actor, input.locationId, { lock: true })
    const person = requireAbility(actor, 'edit_sessions')
    const before = settingsOf(row)
    const changed = Object.entries(input.change).filter(
      ([key, value]) => value !== undefined && !isDeepStrictEqual(value, before[key as keyof Settings]),
    )
    if (changed.length === 0) return before
    const change = Object.fromEntries(changed) as Partial<Settings>
    if (change.warmUp === false && person.role !== 'agency_admin')
      throw new BridgeError('forbidden', 'Only an administrator of the agency can switch the warm-up off.', {
        fields: { warmUp: 'only for administrators of the agency' },
      })
    if (change.rules) await refuseForeignSessions(tx, input.locationId, change.rules, before.rules)
    const settings = { ...row.settings, ...change }
    await tx.update(subAccounts).set({ settings }).where(eq(subAccounts.id, input.locationId))
    const was = Object.fromEntries(changed.map(([key]) => [key, before[key as keyof Settings]]))
    await audit(tx, ctx, actor, {
      ...{ locationId: input.locationId, action: 'settings.changed', subject: input.locationId },
      detail: { before: was, after: change },
    })
    await notifyChange(tx, { locationId: input.locationId, type: 'sync', id: input.locationId })
    if (['hourlyCap', 'dailyCap', 'warmUp'].some((key) => key in change)) await reconsiderWaits(tx, input.locationId)
    // What the cards say of the warm-up depends on it.
    const shown = await tx
      .select({ id: sessions.id })
      .from(sessions)
      .where(and(eq(sessions.locationId, input.locationId), ne(sessions.wanted, 'removed')))
    for (const { id } of shown) await notifyChange(tx, { locationId: input.locationId, type: 'session', id })
    return settingsOf({ settings })
  })
}

/** What waits for its window is looked at again, after the workers have seen the new limits. */
async function reconsiderWaits(tx: Transaction, locationId: LocationId): Promise<void> {
  await tx.execute(sql`
    update lanes set due_at = now() + interval '5 seconds' where id in (
      select l.id from lanes l join sessions s on s.id = l.session_id
      where s.location_id = ${locationId} and l.busy_by is null
        and l.due_at > now() + interval '90 seconds' and l.due_at < 'infinity'
      order by l.id for update of l)`)
}

/** A rule that stays as it was may name a session that was deleted since: the list around it can still be edited. */
async function refuseForeignSessions(
  tx: Transaction,
  locationId: LocationId,
  rules: RoutingRule[],
  before: RoutingRule[],
): Promise<void> {
  const own = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.locationId, locationId), ne(sessions.wanted, 'removed')))
  const fields = rules.flatMap((rule, at) =>
    own.some(({ id }) => id === rule.session) ||
    before.some((old) => old.id === rule.id && old.session === rule.session)
      ? []
      : [[`rules.${at}.session`, 'not a session of this sub-account'] as const],
  )
  if (fields.length === 0) return
  throw new BridgeError('bad_request', 'A rule names a session this sub-account does not have. Choose another one.', {
    fields: Object.fromEntries(fields),
  })
}
