/** Compares a phone's whole book with the whole CRM and says, per saved contact, what a run would do. Writes nothing to the CRM. */
import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { contactSyncs, savedContacts, writtenNames, type SkipReason } from '@/db/schema/contact-sync'
import { inTransaction } from '@/db/transaction'
import type { CrmContact } from '@/lib/highlevel/highlevel'
import type { ContactId } from '@/lib/ids'
import { HoldLost } from '@/lib/outbox/hold-lost'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import type { BridgeContext } from '../context'
import type { SessionRow } from '../reach'
import type { Settings } from '../sub-account/settings'
import { newest, type SavedContact } from './match'
import { judgeName } from './name-policy'
import { readFacts } from './facts'
import { phoneVariants } from './phone-variants'
import { lockSync } from './switch'

type Known = Pick<CrmContact, 'id' | 'name' | 'activeAt'> & { hasTag: boolean }

interface Plan {
  key: string
  plan: 'create' | 'update' | 'skip'
  why: SkipReason | null
  candidates: ContactId[] | null
}

/** Throws CrmError. */
export async function planContacts(
  work: {
    ctx: BridgeContext
    session: SessionRow
    settings: Settings
    isHeld(): boolean
    delivery: ClaimedDelivery
  },
  reading: number,
): Promise<void> {
  const { ctx, session, settings } = work
  if (settings.includeUnsavedChats) await addChats(ctx, session, reading)
  const crm = await readCrm(work)
  const rows = await ctx.db
    .select()
    .from(savedContacts)
    .where(and(eq(savedContacts.sessionId, session.id), isNotNull(savedContacts.name)))
  const factsOf = await readFacts(ctx.db, session, 'all')
  const { locationId } = session
  const written = new Map(
    (await ctx.db.select().from(writtenNames).where(eq(writtenNames.locationId, locationId))).map((row) => [
      row.contactId,
      row.name,
    ]),
  )

  const plans = rows.map((row): Plan => {
    const plan = (verdict: Plan['plan'], why: SkipReason | null = null, candidates: ContactId[] | null = null) => ({
      ...{ key: row.key, plan: verdict, why, candidates },
    })
    const { identity, otherName, wasDeleted } = factsOf(row.key)
    if (!row.phone) return plan('skip', 'no_number')
    if (row.phone === session.phone) return plan('skip', 'own_number')
    const found = candidatesOf(crm, row, identity ?? row.contactId)
    if (found.length === 0) return wasDeleted ? plan('skip', 'deleted_in_crm') : plan('create')
    const contact = newest(found)
    const verdict = judgeName({
      ...{ policy: settings.namePolicy, current: contact.name, saved: otherName ?? row.name! },
      ours: [written.get(contact.id) ?? null, row.triedName],
    })
    const several = found.length > 1 ? found.map(({ id }) => id) : null
    const changes = (verdict === 'write' && (row.isSaved || contact.name === null)) || !contact.hasTag
    if (changes) return plan('update', several ? 'several' : null, several)
    return plan('skip', several ? 'several' : verdict === 'keep' ? 'kept_name' : null, several)
  })
  await storePlans(ctx, session, plans)
}

function candidatesOf(crm: Crm, row: SavedContact, known: ContactId | null): Known[] {
  const identity = known && crm.byId.get(known)
  if (identity) return [identity]
  const exact = crm.byPhone.get(row.phone!)
  if (exact) return exact
  return phoneVariants(row.phone!).flatMap((phone) => crm.byPhone.get(phone) ?? [])
}

interface Crm {
  byId: Map<ContactId, Known>
  byPhone: Map<string, Known[]>
}

async function readCrm({ ctx, session, settings, isHeld, delivery }: Parameters<typeof planContacts>[0]): Promise<Crm> {
  const crm = ctx.highlevel.forSubAccount(session.locationId)
  const byId: Crm['byId'] = new Map()
  const byPhone: Crm['byPhone'] = new Map()
  const tag = settings.contactTag.toLowerCase()
  let mark: Parameters<typeof crm.listContacts>[0] = null
  do {
    if (!isHeld()) throw new HoldLost(delivery.id)
    const page: Awaited<ReturnType<typeof crm.listContacts>> = await crm.listContacts(mark)
    for (const { id, name, phone, activeAt, tags } of page.contacts) {
      if (byId.has(id)) continue
      const known: Known = { id, name, activeAt: activeAt ?? null, hasTag: tag === '' || hasTag(tags, tag) }
      byId.set(id, known)
      if (phone) byPhone.set(phone, [...(byPhone.get(phone) ?? []), known])
    }
    mark = page.next
  } while (mark)
  return { byId, byPhone }
}

const hasTag = (tags: readonly string[], tag: string) => tags.some((one) => one.toLowerCase() === tag)

/** Chats of people nobody saved, under the name they gave themselves. */
async function addChats(ctx: BridgeContext, session: SessionRow, reading: number): Promise<void> {
  await ctx.db.execute(sql`
    insert into saved_contacts (session_id, key, location_id, phone, aliases, name, is_saved, reading)
    select c.session_id, p.phone, p.location_id, p.phone,
      coalesce((select jsonb_agg(pa.address) from person_addresses pa where pa.person_id = p.id), '[]'),
      coalesce(p.name, 'WhatsApp ' || p.phone), false, ${reading}
    from chats c join people p on p.id = c.person_id
    where c.session_id = ${session.id} and p.phone is not null
    on conflict (session_id, key) do update
      set name = excluded.name, is_saved = false, reading = excluded.reading where saved_contacts.name is null`)
}

async function storePlans(ctx: BridgeContext, session: SessionRow, plans: readonly Plan[]): Promise<void> {
  const count = (plan: Plan['plan']) => plans.filter((one) => one.plan === plan).length
  await inTransaction(ctx.db, async (tx) => {
    const sync = await lockSync(tx, session.id)
    if (sync?.state !== 'reading') return
    for (let from = 0; from < plans.length; from += 5_000) {
      await tx.execute(sql`
        update saved_contacts c set plan = d.plan, why = d.why, candidates = d.candidates,
          outcome = case when d.plan = 'skip' then 'skipped' end
        from json_to_recordset(${JSON.stringify(plans.slice(from, from + 5_000))}::json)
          as d(key text, plan text, why text, candidates jsonb)
        where c.session_id = ${session.id} and c.key = d.key`)
    }
    await tx
      .update(contactSyncs)
      .set({ countNew: count('create'), countUpdate: count('update'), countSkipped: count('skip'), problem: null })
      .where(eq(contactSyncs.sessionId, session.id))
  })
}
