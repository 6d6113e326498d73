import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { contactSyncs } from '@/db/schema/contact-sync'
import { people } from '@/db/schema/people'
import { inTransaction } from '@/db/transaction'
import type { Address } from '@/lib/ids'
import { lockPerson } from '../contact/lock-person'
import type { BridgeContext } from '../context'
import type { SessionRow } from '../reach'
import type { Pushed } from './push-contact'
import { lockSync, notifySync } from './switch'

/** Takes down what became of some contacts. Says whether the sync is still on. */
export async function recordPushed(
  ctx: BridgeContext,
  session: SessionRow,
  pushed: readonly Pushed[],
): Promise<boolean> {
  return await inTransaction(ctx.db, async (tx) => {
    const sync = await lockSync(tx, session.id)
    if (!sync) return false
    if (pushed.length > 0) {
      await store(tx, session, pushed)
      for (const one of pushed) if (one.isIndirect) await learn(tx, session, one)
      if (sync.state === 'waiting')
        await tx
          .update(contactSyncs)
          .set({ state: 'running', problem: null })
          .where(eq(contactSyncs.sessionId, session.id))
      await notifySync(tx, session)
    }
    return sync.state !== 'off' && sync.state !== 'reading'
  })
}

async function store(tx: Transaction, session: SessionRow, pushed: readonly Pushed[]): Promise<void> {
  const rows = pushed.map(({ row, outcome, why, contactId, wrote }) => ({
    ...{ key: row.key, name: row.name, outcome, why, contact: contactId, wrote },
  }))
  // Saved under another name meanwhile, it stays due.
  await tx.execute(sql`
    with done as materialized (
      select * from json_to_recordset(${JSON.stringify(rows)}::json)
        as d(key text, name text, outcome text, why text, contact text, wrote text)
    ), names as (
      insert into written_names (location_id, contact_id, name)
      select distinct on (contact) ${session.locationId}, contact, wrote from done
      where contact is not null and wrote is not null
      on conflict (location_id, contact_id) do update set name = excluded.name
    )
    update saved_contacts c set
      outcome = done.outcome, why = done.why, contact_id = coalesce(done.contact, c.contact_id), plan = null,
      is_due = c.is_due and c.name is distinct from done.name, in_run = c.in_run and c.name is distinct from done.name
    from done where c.session_id = ${session.id} and c.key = done.key`)
}

/** The CRM has them under another number: who writes from this one is found by their address from now on. */
async function learn(tx: Transaction, session: SessionRow, { row, contactId }: Pushed): Promise<void> {
  const [owner] = await tx.select({ id: people.id }).from(people).where(sql`
    ${people.locationId} = ${session.locationId} and ${people.contactId} = ${contactId}`)
  if (owner) return
  await lockPerson(tx, {
    ...{ locationId: session.locationId, channel: session.channel, addresses: row.aliases as Address[] },
    ...{ contactId, phone: row.phone, name: null },
  })
}
