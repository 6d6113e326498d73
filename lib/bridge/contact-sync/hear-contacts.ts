import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { contactSyncs } from '@/db/schema/contact-sync'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { LineEvent, OwnedSession } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import { hearAlias } from '../contact/hear-alias'
import type { BridgeContext } from '../context'
import { fence } from '../session/fence'
import { lockSync, notifySync, putToWork } from './switch'

type Heard = Extract<LineEvent, { type: 'contacts' }>['contacts']

/**
 * Takes down what is saved on the phone; what is new or changed goes to the CRM if the switch is on. A book nobody asked
 * for is not kept. Safe to hear twice. Throws LostOwnership.
 */
export async function hearContacts(
  ctx: BridgeContext,
  session: OwnedSession & { channel: ChannelName },
  contacts: Heard,
): Promise<void> {
  await joinKnown(ctx, session, contacts)
  const entries = new Map(contacts.map((entry) => [entry.person.phone ?? entry.person.address, entry]))
  if (entries.size === 0 || !(await isWanted(ctx, session))) return
  await inTransaction(ctx.db, async (tx) => {
    await fence(tx, session)
    const row = await lockSync(tx, session.id)
    if (!row || row.state === 'off') return
    const changed = await store(tx, session, row.reading, [...entries])
    const [switched] = await tx.select({ on: sessions.syncContacts }).from(sessions).where(eq(sessions.id, session.id))
    // While the whole book is read, the plan made at its end finds them.
    if (changed.length === 0 || !switched?.on || row.state === 'reading') return
    await tx.execute(sql`
      update saved_contacts set is_due = true
      where session_id = ${session.id} and name is not null
        and key in (select json_array_elements_text(${JSON.stringify(changed)}::json))`)
    await putToWork(tx, row)
    await notifySync(tx, session)
  })
}

/** The book says which addresses are one person; that matters for those we know under one of them and not all. */
async function joinKnown(
  ctx: BridgeContext,
  session: OwnedSession & { channel: ChannelName },
  contacts: Heard,
): Promise<void> {
  const people = contacts.map(({ person }) => person).filter(({ aliases }) => aliases.length > 1)
  if (people.length === 0) return
  const rows = people.map(({ aliases }, place) => ({ place, aliases }))
  const apart = await ctx.db.execute<{ place: number }>(sql`
    select r.place from json_to_recordset(${JSON.stringify(rows)}::json) as r(place int, aliases json)
    cross join lateral json_array_elements_text(r.aliases) as a(address)
    left join person_addresses pa on pa.location_id = ${session.locationId} and pa.channel = ${session.channel}
      and pa.address = a.address
    group by r.place
    having count(pa.person_id) > 0 and (count(pa.person_id) < count(*) or count(distinct pa.person_id) > 1)`)
  for (const { place } of apart) await hearAlias(ctx, session, people[place]!)
}

async function isWanted(ctx: BridgeContext, session: OwnedSession): Promise<boolean> {
  const [row] = await ctx.db
    .select({ state: contactSyncs.state })
    .from(contactSyncs)
    .where(eq(contactSyncs.sessionId, session.id))
  return row !== undefined && row.state !== 'off'
}

/** The keys of those that are new or saved under another name than before. */
async function store(
  tx: Transaction,
  session: OwnedSession,
  reading: number,
  entries: [string, Heard[number]][],
): Promise<string[]> {
  const rows = entries.map(([key, { person, savedName }]) => ({
    key,
    phone: person.phone,
    aliases: person.aliases,
    name: savedName,
  }))
  const changed = await tx.execute<{ key: string }>(sql`
    with heard as (
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as h(key text, phone text, aliases jsonb, name text)
    ), before as materialized (
      select c.key, c.name from saved_contacts c join heard using (key) where c.session_id = ${session.id}
    ), put as (
      insert into saved_contacts (session_id, key, location_id, phone, aliases, name, reading)
      select ${session.id}, key, ${session.locationId}, phone, aliases, name, ${reading} from heard
      on conflict (session_id, key) do update set
        phone = excluded.phone, aliases = excluded.aliases, name = excluded.name, reading = excluded.reading,
        is_saved = true,
        plan = case when excluded.name is distinct from saved_contacts.name then null else saved_contacts.plan end,
        is_due = saved_contacts.is_due and excluded.name is not null,
        in_run = saved_contacts.in_run and excluded.name is not null
    )
    select heard.key from heard left join before using (key)
    where heard.name is not null and heard.name is distinct from before.name`)
  return changed.map((row) => row.key)
}
