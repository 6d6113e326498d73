import { sql } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import type { SessionRow } from '../reach'
import type { SavedContact } from './match'

/** By key, the name that the session with the lowest priority number saved for the same number, where that is another session. */
export async function otherNames(
  db: Queryable,
  session: Pick<SessionRow, 'id' | 'locationId' | 'priority'>,
  rows: readonly Pick<SavedContact, 'key' | 'phone'>[] | 'all',
): Promise<Map<string, string>> {
  const keys = rows === 'all' ? null : JSON.stringify(rows.map((row) => row.key))
  const found = await db.execute<{ key: string; name: string }>(sql`
    select distinct on (mine.key) mine.key, other.name
    from saved_contacts mine
    join saved_contacts other on other.location_id = mine.location_id and other.phone = mine.phone
      and other.session_id <> mine.session_id and other.is_saved and other.name is not null
    join sessions s on s.id = other.session_id and s.sync_contacts and s.priority < ${session.priority}
    where mine.session_id = ${session.id} and mine.phone is not null
      and (${keys}::json is null or mine.key in (select json_array_elements_text(${keys}::json)))
    order by mine.key, s.priority`)
  return new Map(found.map((row) => [row.key, row.name]))
}
