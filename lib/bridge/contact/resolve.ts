import { and, eq } from 'drizzle-orm'
import { people } from '@/db/schema/people'
import { inTransaction } from '@/db/transaction'
import type { ContactId, UserId } from '@/lib/ids'
import { forgetDeleted } from '../contact-sync/remember-deleted'
import { rememberName } from '../contact-sync/remember-name'
import type { BridgeContext } from '../context'
import { createContact } from './create-contact'
import { learnContact } from './learn-contact'
import type { PersonRow } from './lock-person'
import { putTagDeliveries } from './tag-delivery'

export const contactSource = 'WhatsApp'
/** After an unknown outcome the CRM may need this long until it finds what it took. */
export const lookAgainAfterMs = 5_000

/** Of who has neither a name nor a number. */
export const nobodysName = 'WhatsApp contact'
export const contactName = ({ name, phone }: Pick<PersonRow, 'name' | 'phone'>) =>
  name ?? (phone ? `WhatsApp ${phone}` : nobodysName)

export interface Resolving {
  /** False: only looked for. */
  create?: boolean
  /** Whom a new one belongs to. */
  assignTo?: UserId | null
  /** Nobody knows how the attempt before this one ended. */
  inDoubt?: boolean
  /** Right before one is made. Throws where it must not be any more. */
  beforeCreate?: () => void
}

/**
 * The person's contact in the CRM: the one we know, else the one with their number, else a new one, or null where none is to be
 * made. Called by whoever works a lane of the person. A contact made just before a crash is found again by its number, and so is
 * one that another lane makes at the same moment: the CRM refuses a second and names the first. Without a number there is only
 * the lane of their messages, and a mark of theirs in the contact's source to find it by. Throws CrmError.
 */
export async function resolveContact(
  ctx: BridgeContext,
  person: PersonRow,
  options?: Resolving & { create?: true },
): Promise<ContactId>
export async function resolveContact(
  ctx: BridgeContext,
  person: PersonRow,
  options: Resolving,
): Promise<ContactId | null>
export async function resolveContact(
  ctx: BridgeContext,
  person: PersonRow,
  { create = true, assignTo = null, inDoubt = false, beforeCreate }: Resolving = {},
): Promise<ContactId | null> {
  if (person.contactId) return person.contactId
  const { phone } = person
  const crm = ctx.highlevel.forSubAccount(person.locationId)
  const source = phone
    ? contactSource
    : `${contactSource} ${ctx.mark(`contact:${person.id}`).toString('hex').slice(0, 16)}`
  if (!phone && inDoubt) await ctx.clock.sleep(lookAgainAfterMs)
  const found = phone ? await crm.findContactByPhone(phone) : await crm.findContactBySource(source)
  if (!found && !create) return null
  const name = contactName(person)
  if (!found) beforeCreate?.()
  const contact = found ?? (await createContact(ctx, person.locationId, { name, phone, source, assignedTo: assignTo }))
  await inTransaction(ctx.db, async (tx) => {
    // A name of ours may be replaced by what the phone's owner calls them.
    if (!found || !phone) {
      await rememberName(tx, { locationId: person.locationId, contactId: contact.id, name })
      if (phone) await forgetDeleted(tx, { locationId: person.locationId, phone })
    }
    const [now] = await tx.select().from(people).where(eq(people.id, person.id)).for('update')
    if (!now || now.contactId) return
    // Two people of ours may share one contact in the CRM; the one that had it first keeps it for what the CRM sends.
    const [owner] = await tx
      .select({ id: people.id })
      .from(people)
      .where(and(eq(people.locationId, person.locationId), eq(people.contactId, contact.id)))
    if (owner) return
    await tx.update(people).set({ contactId: contact.id }).where(eq(people.id, person.id))
    await learnContact(ctx, tx, { ...now, contactId: contact.id }, contact)
    // What was wished while they had no contact.
    await putTagDeliveries(tx, [now])
  })
  return contact.id
}
