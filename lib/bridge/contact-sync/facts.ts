/** What our own database knows of some saved contacts, or of all of a session: asked once for many. */
import { sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import type { ContactId } from '@/lib/ids'
import type { SessionRow } from '../reach'
import type { SavedContact } from './match'

export interface ContactFacts {
  /** The contact of a person heard or written to before. */
  identity: ContactId | null
  /** What the session with the lowest priority number saved for the same number, where that is another session. */
  otherName: string | null
  /** The contact with this number was deleted in the CRM. */
  wasDeleted: boolean
}

const nothing: ContactFacts = { identity: null, otherName: null, wasDeleted: false }

export async function readFacts(
  db: Queryable,
  session: Pick<SessionRow, 'id' | 'locationId' | 'priority' | 'channel'>,
  rows: readonly Pick<SavedContact, 'key'>[] | 'all',
): Promise<(key: string) => ContactFacts> {
  const keys = rows === 'all' ? null : JSON.stringify(rows.map((row) => row.key))
  const found = await db.execute<{
    key: string
    identity: ContactId | null
    otherName: string | null
    wasDeleted: boolean
  }>(sql`
    with mine as materialized (
      select c.key, c.phone, c.aliases from saved_contacts c
      where c.session_id = ${session.id}
        and (${keys}::json is null or c.key in (select json_array_elements_text(${keys}::json)))
    ), known as (
      select distinct on (mine.key) mine.key, p.contact_id from mine
      cross join lateral jsonb_array_elements_text(mine.aliases) as a(address)
      join person_addresses pa on pa.location_id = ${session.locationId} and pa.channel = ${session.channel}
        and pa.address = a.address
      join people p on p.id = pa.person_id and p.contact_id is not null
    ), others as (
      select distinct on (mine.key) mine.key, other.name from mine
      join saved_contacts other on other.location_id = ${session.locationId} and other.phone = mine.phone
        and other.session_id <> ${session.id} and other.is_saved and other.name is not null
      join sessions s on s.id = other.session_id and s.sync_contacts and s.priority < ${session.priority}
      order by mine.key, s.priority
    )
    select mine.key, known.contact_id as identity, others.name as "otherName", gone.phone is not null as "wasDeleted"
    from mine left join known using (key) left join others using (key)
    left join deleted_contacts gone on gone.location_id = ${session.locationId} and gone.phone = mine.phone
    where known.contact_id is not null or others.name is not null or gone.phone is not null`)
  const byKey = new Map(found.map(({ key, ...facts }) => [key, facts]))
  return (key) => byKey.get(key) ?? nothing
}
