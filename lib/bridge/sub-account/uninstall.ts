import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyWork } from '@/db/notify'
import type { CompanyId, LocationId, SessionId } from '@/lib/ids'
import { audit } from '../audit'
import type { Actor, BridgeContext } from '../context'

export interface UninstallNews {
  locationId: LocationId | null
  companyId: CompanyId | null
  /** When it was uninstalled: an install since then stays. */
  at: Date
}

/**
 * The app was removed from a sub-account, or from an agency and with it from all of its sub-accounts. From the commit on
 * nothing is sent for them: tokens are gone, queued work has failed, and each session is told to unlink and erase itself.
 * Tokens being refreshed at this moment are not waited for; the refresh finds out and erases them.
 */
export async function uninstall(
  ctx: BridgeContext,
  tx: Transaction,
  actor: Actor,
  news: UninstallNews,
): Promise<LocationId[]> {
  const at = sql`${news.at.toISOString()}::timestamptz`
  if (news.companyId && !news.locationId)
    await tx.execute(sql`
      update agencies set status = 'uninstalled', uninstalled_at = now()
      where id = ${news.companyId} and installed_at <= ${at}`)
  const gone = await tx.execute<{ id: LocationId }>(sql`
    update sub_accounts set status = 'uninstalled', uninstalled_at = ${at}
    where ${news.locationId ? sql`id = ${news.locationId}` : sql`company_id = ${news.companyId}`}
      and status <> 'uninstalled' and installed_at <= ${at}
    returning id`)
  const locationIds = gone.map((row) => row.id)
  await eraseTokens(tx)
  if (locationIds.length === 0) return []
  const ids = sql`(select value from json_array_elements_text(${JSON.stringify(locationIds)}::json))`
  await failQueuedWork(tx, ids)
  for (const { id, location_id } of await removeSessions(tx, ids)) {
    await notifyWork(tx, id)
    await notifyChange(tx, { locationId: location_id, type: 'session', id })
  }
  for (const locationId of locationIds) {
    await audit(tx, ctx, actor, { locationId, action: 'sub_account.uninstalled', subject: locationId })
    ctx.log.info({ locationId }, 'uninstalled')
  }
  return locationIds
}

type Ids = ReturnType<typeof sql>

async function eraseTokens(tx: Transaction): Promise<void> {
  await tx.execute(sql`
    delete from tokens where (owner_kind, owner_id) in (
      select owner_kind, owner_id from tokens
      where (owner_kind = 'Location' and owner_id in (select id from sub_accounts where status = 'uninstalled'))
        or (owner_kind = 'Company' and owner_id in (select id from agencies where status = 'uninstalled'))
      for update skip locked)`)
}

async function failQueuedWork(tx: Transaction, ids: Ids): Promise<void> {
  // Lanes before deliveries, in order, as everyone who touches both.
  await tx.execute(sql`select id from lanes where location_id in ${ids} order by id for update`)
  // From what waits, which is little, not from all there ever was: somebody's web request waits for this.
  await tx.execute(sql`
    with given_up as (
      update deliveries d set state = 'given_up', finished_at = now(), last_error = 'uninstalled'
      from lanes l where l.id = d.lane_id and l.location_id in ${ids} and d.state = 'ready'
      returning d.kind, d.subject_id
    ),
    unsent as (
      update parts set state = 'failed' where state in ('queued', 'sending')
        and id in (select subject_id from given_up where kind = 'send')
      returning message_id
    )
    update messages set status = 'failed', failure_code = 'session_down', updated_at = now(),
      failure_message = 'Not sent: the app was removed from this sub-account before it could be.'
    where direction = 'outbound' and status in ('received', 'queued', 'sending') and id in (
      select message_id from unsent union all select subject_id from given_up where kind = 'route')`)
}

/** Names and priorities are given free at once: the app may be installed again before a worker has erased the rows. */
async function removeSessions(tx: Transaction, ids: Ids): Promise<{ id: SessionId; location_id: LocationId }[]> {
  await tx.execute(sql`
    delete from pairings where session_id in (select id from sessions where location_id in ${ids})`)
  return await tx.execute<{ id: SessionId; location_id: LocationId }>(sql`
    with gone as (
      select s.id, least(min(s.priority) over (partition by s.location_id), 0)
        - row_number() over (partition by s.location_id order by s.priority) as priority
      from sessions s where s.location_id in ${ids}
    )
    update sessions s set wanted = 'removed', wish = s.wish + 1, label = s.id::text, priority = gone.priority,
      code_phone = null, since = now()
    from gone where gone.id = s.id and s.wanted <> 'removed'
    returning s.id, s.location_id`)
}
