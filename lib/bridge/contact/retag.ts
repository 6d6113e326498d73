import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { sessions } from '@/db/schema/sessions'
import type { LocationId, PersonId, SessionId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { accountTagOf } from './tags'
import { putTagDeliveries } from './tag-delivery'

/**
 * A session's account tag is no more what it was: contacts that carry the old one lose it, and those whose conversation is on
 * the session get the new one, if there is one. Call it after the session's row has changed.
 */
export async function retag(
  ctx: BridgeContext,
  tx: Transaction,
  session: { id: SessionId; locationId: LocationId },
  oldTag: string | null,
): Promise<void> {
  const now = ctx.clock.now().toISOString()
  const people = await tx.execute<{ id: PersonId; carries: boolean }>(sql`
    select id, coalesce(${oldTag} = any(tags), false) as carries from people
    where location_id = ${session.locationId}
      and (affinity_session_id = ${session.id} or ${oldTag}::text = any(tags))
    order by id for update`)
  const carriers = people.filter((person) => person.carries).map(({ id }) => id)
  await tx.execute(sql`
    insert into tag_wishes (person_id, tag, wanted, because, wished_at)
    select value::uuid, ${oldTag}, false, 'account', ${now} from json_array_elements_text(${JSON.stringify(carriers)}::json)
    on conflict (person_id, tag) do update set wanted = false, because = 'account', wished_at = excluded.wished_at`)
  await putTagDeliveries(
    tx,
    people.map(({ id }) => ({ id, locationId: session.locationId })),
  )
}

/** A tag of its own for a new session. Under the sub-account's lock, which is what makes it unique. */
export async function newAccountTag(tx: Transaction, locationId: LocationId, label: string): Promise<string> {
  const rows = await tx.select({ tag: sessions.accountTag }).from(sessions).where(eq(sessions.locationId, locationId))
  return accountTagOf(
    label,
    rows.flatMap(({ tag }) => tag ?? []),
  )
}
