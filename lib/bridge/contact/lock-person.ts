import { and, eq, getTableColumns, inArray, notExists, or, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people, personAddresses } from '@/db/schema/people'
import type { ChannelName } from '@/lib/channel/kinds'
import { orderedId, type Address, type ContactId, type LocationId, type PersonId } from '@/lib/ids'
import { putDeliveries } from '@/lib/outbox/put'
import { completeDelivery } from './complete-delivery'
import { forgetContact } from './forget-contact'
import { mergePeople } from './merge-people'
import { putTagDeliveries } from './tag-delivery'

export type PersonRow = typeof people.$inferSelect

export interface PersonClues {
  locationId: LocationId
  channel: ChannelName
  /** Every address known, the best one to send to first. */
  addresses: readonly Address[]
  contactId: ContactId | null
  phone: string | null
  name: string | null
  /** The lane the caller works, if any. */
  holding?: string
}

/**
 * The row of a person, found by address, else by contact, else made; locked until the transaction ends, which is what puts
 * everything that concerns one person in order. Addresses say who somebody is: one contact whose number was changed is
 * another person from then on, two contacts with one number are one. New addresses are learned; when they join two rows
 * known so far as different people, the rows become one.
 */
export async function lockPerson(tx: Transaction, clues: PersonClues): Promise<PersonRow> {
  for (;;) {
    const known = await byAddress(tx, clues)
    const found = known[0] ?? (clues.addresses.length === 0 ? await byContact(tx, clues) : undefined)
    const person = found ?? (await create(tx, clues))
    if (!person) continue
    let kept = person
    for (const other of known.slice(1)) kept = await mergePeople(tx, kept, other, clues.holding ?? null)
    const knownAddresses = found ? known.reduce((sum, row) => sum + row.knownAddresses, 0) : clues.addresses.length
    const learned = await learn(tx, kept, clues, knownAddresses)
    // Their contact was made without a number, unless it is the CRM that tells it.
    const lacked = found?.contactId != null && found.phone === null && found.contactId !== clues.contactId
    if (lacked && learned.phone !== null) await putDeliveries(tx, [completeDelivery(learned)])
    return learned
  }
}

async function byAddress(tx: Transaction, clues: PersonClues): Promise<(PersonRow & { knownAddresses: number })[]> {
  if (clues.addresses.length === 0) return []
  const amongThese = and(
    eq(personAddresses.locationId, clues.locationId),
    eq(personAddresses.channel, clues.channel),
    inArray(personAddresses.address, [...clues.addresses]),
  )
  // Rows are locked in the order of their ids, so that two transactions joining the same rows cannot wait for each other.
  const rows = await tx
    .select({
      ...getTableColumns(people),
      knownAddresses: sql<number>`(
        select count(*)::int from ${personAddresses} where ${amongThese} and ${personAddresses}.person_id = ${people}.id)`,
    })
    .from(people)
    .where(
      or(
        inArray(people.id, tx.select({ id: personAddresses.personId }).from(personAddresses).where(amongThese)),
        // A contact known so far by nothing but their id is whoever these addresses say.
        clues.contactId
          ? and(
              eq(people.locationId, clues.locationId),
              eq(people.contactId, clues.contactId),
              notExists(
                tx
                  .select({ id: personAddresses.personId })
                  .from(personAddresses)
                  .where(eq(personAddresses.personId, people.id)),
              ),
            )
          : undefined,
      ),
    )
    .orderBy(people.id)
    .for('update')
  return rows.sort((a, b) => standing(b) - standing(a))
}

/** The row that is already a CRM contact is the one to keep, the more so if it was found by its number. */
const standing = ({ contactId, phone }: PersonRow) => (contactId === null ? 0 : phone === null ? 1 : 2)

async function byContact(tx: Transaction, clues: PersonClues): Promise<PersonRow | undefined> {
  if (!clues.contactId) return undefined
  const [row] = await tx
    .select()
    .from(people)
    .where(and(eq(people.locationId, clues.locationId), eq(people.contactId, clues.contactId)))
    .for('update')
  return row
}

/** Null when another transaction made the same person first: look again. */
async function create(tx: Transaction, clues: PersonClues): Promise<PersonRow | null> {
  const { locationId, contactId, channel, addresses } = clues
  // Another number than the contact had: whoever had the old one is this contact no longer.
  if (contactId) await forgetContact(tx, locationId, contactId)
  const [row] = await tx
    .insert(people)
    .values({ id: orderedId<PersonId>(), locationId, contactId, phone: clues.phone, name: clues.name })
    .onConflictDoNothing()
    .returning()
  if (!row) return null
  if (addresses.length === 0) return row
  const taken = await tx
    .insert(personAddresses)
    .values(addresses.map((address) => ({ locationId, channel, address, personId: row.id })))
    .onConflictDoNothing()
    .returning({ address: personAddresses.address })
  if (taken.length > 0) return row
  await tx.delete(people).where(eq(people.id, row.id))
  return null
}

async function learn(
  tx: Transaction,
  person: PersonRow,
  clues: PersonClues,
  knownAddresses: number,
): Promise<PersonRow> {
  const changes: Partial<PersonRow> = {}
  if (!person.phone && clues.phone) changes.phone = clues.phone
  if (!person.name && clues.name) changes.name = clues.name
  if (!person.contactId && clues.contactId) {
    await forgetContact(tx, clues.locationId, clues.contactId)
    changes.contactId = clues.contactId
  }
  if (Object.keys(changes).length > 0) await tx.update(people).set(changes).where(eq(people.id, person.id))
  // What was wished of their tags while they had no contact.
  if (changes.contactId) await putTagDeliveries(tx, [person])
  if (knownAddresses < clues.addresses.length) {
    await tx
      .insert(personAddresses)
      .values(
        clues.addresses.map((address) => ({
          locationId: clues.locationId,
          channel: clues.channel,
          address,
          personId: person.id,
        })),
      )
      .onConflictDoNothing()
  }
  return { ...person, ...changes }
}
