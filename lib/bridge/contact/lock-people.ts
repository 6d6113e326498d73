import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import type { SessionRow } from '../reach'

/**
 * Everybody a change of a session's tags and labels may concern, before its row is locked and in the order everybody locks several
 * in: each message locks its person, then the sessions, and would meet the change in a deadlock.
 */
export async function lockPeopleOf(
  tx: Transaction,
  session: Pick<SessionRow, 'id' | 'locationId' | 'accountTag'>,
): Promise<void> {
  await tx.execute(sql`
    with whom as materialized (
      select id from people where affinity_session_id = ${session.id}
      union select id from people where location_id = ${session.locationId} and ${session.accountTag}::text = any(tags)
      union select person_id from chats where session_id = ${session.id}
      union select person_id from label_marks where session_id = ${session.id}
    ), locked as materialized (
      select p.id from people p join whom on whom.id = p.id order by p.id for update of p
    )
    select count(*) from locked`)
}
