import { and, asc, eq, ilike, isNotNull, or, sql } from 'drizzle-orm'
import { people } from '@/db/schema/people'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { ContactId, LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import type { Page } from '../paging'
import { reachSubAccount, requireAbility } from '../reach'

export interface ContactView {
  contactId: ContactId
  name: string | null
  phone: string | null
}

/** Contacts by name or number: those known here first, then what the CRM finds. */
export async function findContacts(
  ctx: BridgeContext,
  actor: Actor,
  input: { locationId: LocationId; query: string; limit: number },
): Promise<Page<ContactView>> {
  await reachSubAccount(ctx.db, actor, input.locationId)
  requireAbility(actor, 'edit_sessions')
  const pattern = `%${input.query.replace(/[\\%_]/g, '\\$&')}%`
  const digits = input.query.replace(/\D/g, '')
  const known = await ctx.db
    .select({ contactId: people.contactId, name: people.name, phone: people.phone })
    .from(people)
    .where(
      and(
        eq(people.locationId, input.locationId),
        isNotNull(people.contactId),
        or(ilike(people.name, pattern), digits.length >= 3 ? ilike(people.phone, `%${digits}%`) : undefined),
      ),
    )
    .orderBy(asc(sql`lower(${people.name})`), asc(people.id))
    .limit(input.limit)
  const items: ContactView[] = known.map((row) => ({ ...row, contactId: row.contactId! }))
  if (items.length < input.limit) {
    const seen = new Set(items.map(({ contactId }) => contactId))
    for (const { id, name, phone } of await askCrm(ctx, input))
      if (!seen.has(id) && items.length < input.limit) items.push({ contactId: id, name, phone })
  }
  return { items, nextCursor: null }
}

/** A CRM that does not answer takes nothing away from what is known here. */
async function askCrm(ctx: BridgeContext, input: { locationId: LocationId; query: string; limit: number }) {
  try {
    return await ctx.highlevel.forSubAccount(input.locationId).searchContacts(input.query, input.limit)
  } catch (error) {
    if (!(error instanceof CrmError)) throw error
    ctx.log.warn({ locationId: input.locationId, err: error }, 'the CRM could not be searched')
    return []
  }
}
