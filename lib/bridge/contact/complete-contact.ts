import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people, personAddresses } from '@/db/schema/people'
import { inTransaction } from '@/db/transaction'
import { orNull, type CrmContact } from '@/lib/highlevel/highlevel'
import type { PersonId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { settleDeliveries } from '@/lib/outbox/settle'
import { rememberName } from '../contact-sync/remember-name'
import type { BridgeContext } from '../context'
import { forgetContact } from './forget-contact'
import { learnContact } from './learn-contact'
import { lockPerson, type PersonRow } from './lock-person'
import { contactName, contactSource, nobodysName } from './resolve'
import { tagWhatHappened } from './tag-events'

/**
 * Somebody who became a contact without a number has one now. Their contact gets it; where the CRM has a contact with this
 * number already, they are that one from now on, and the one made for them stays as it is. Doing it twice changes nothing.
 * Throws CrmError; settles the delivery when it is done.
 */
export async function completeContact(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean = () => true,
): Promise<void> {
  const [person] = await ctx.db
    .select()
    .from(people)
    .where(eq(people.id, delivery.subjectId as PersonId))
  const other = person && (await giveNumber(ctx, delivery, person, isHeld))
  await inTransaction(ctx.db, async (tx) => {
    if (other) await becomeContact(ctx, tx, person, { contact: other, holding: delivery.lane })
    await settleDeliveries(tx, owner, [{ delivery, settlement: { outcome: 'done' } }])
  })
}

/** Answers the contact that has the number instead; null: none has, or there is nothing to do any more. */
async function giveNumber(
  ctx: BridgeContext,
  delivery: ClaimedDelivery,
  person: PersonRow,
  isHeld: () => boolean,
): Promise<CrmContact | null> {
  const { locationId, contactId, phone } = person
  if (!contactId || !phone) return null
  const crm = ctx.highlevel.forSubAccount(locationId)
  const placeholder = await orNull(crm.getContact(contactId))
  // Deleted, or somebody was quicker.
  if (!placeholder || placeholder.phone) return null
  const other = await crm.findContactByPhone(phone)
  if (other) return other.id === contactId ? null : other
  if (!isHeld()) throw new HoldLost(delivery.id)
  if (placeholder.name === nobodysName) {
    const name = contactName(person)
    await rememberName(ctx.db, { locationId, contactId, name })
    await crm.renameContact(contactId, name)
  }
  return await crm.setContactPhone(contactId, { phone, source: contactSource })
}

async function becomeContact(
  ctx: BridgeContext,
  tx: Transaction,
  { id, locationId, contactId }: PersonRow,
  { contact, holding }: { contact: CrmContact; holding: string },
): Promise<void> {
  const [person] = await tx.select().from(people).where(eq(people.id, id)).for('update')
  if (!person || !contactId || person.contactId !== contactId) return
  const known = await tx.select().from(personAddresses).where(eq(personAddresses.personId, id))
  const [first] = known
  if (!first) return
  // Tags that come from labels are put on the other contact too.
  await tx.execute(sql`
    insert into tag_wishes (person_id, tag, wanted, because, wished_at)
    select person_id, tag, true, 'label', now() from label_tags where person_id = ${id} on conflict do nothing`)
  await forgetContact(tx, locationId, contactId)
  const addresses = known.filter(({ channel }) => channel === first.channel).map(({ address }) => address)
  const now = await lockPerson(tx, {
    ...{ locationId, channel: first.channel, addresses, contactId: contact.id },
    ...{ phone: person.phone, name: null, holding },
  })
  if (now.contactId !== contact.id) return
  const learned = await learnContact(ctx, tx, now, contact)
  if (learned.hasWritten) await tagWhatHappened(ctx, tx, learned, 'inboundTag')
}
