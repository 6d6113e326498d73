import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChanges } from '@/db/notify'
import { messages } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { labelMarks, labelTags, tagStates, tagWishes, tagWrites } from '@/db/schema/tags'
import { inTransaction } from '@/db/transaction'
import { CrmError, orNull } from '@/lib/highlevel/highlevel'
import type { ContactId, PersonId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import type { BridgeContext } from '../context'
import { followTags } from '../labels/follow-tags'
import { learnTags, loadTagContext } from './learn-tags'
import type { PersonRow } from './lock-person'
import { planTags, type TagPlan } from './plan-tags'
import { resolveContact } from './resolve'

const again: Settlement = { outcome: 'retry', afterMs: 0, why: 'more has changed meanwhile' }

/**
 * Brings a contact's tags to what the app wants of them: the difference to what the CRM was last told, so ten changes are one
 * write. Every write is recorded before it leaves, new tags go on before old ones go, and a contact whose tags are not known
 * for certain is read first. Throws CrmError; settles the delivery when it is done.
 */
export async function pushTags(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean = () => true,
): Promise<void> {
  const id = delivery.subjectId as PersonId
  const settle = (settlement: Settlement) => [{ delivery, settlement }]
  const contactId = await contactOf(ctx, id)
  if (contactId === null) {
    // Without a contact there is nothing to tag: once they have one, this is asked for again.
    return inTransaction(ctx.db, async (tx) => {
      const person = await lock(tx, id)
      await settleDeliveries(tx, owner, settle(person?.contactId ? again : { outcome: 'done' }))
    })
  }
  const crm = ctx.highlevel.forSubAccount(delivery.locationId)
  const known = await readIfNeeded(ctx, id, contactId, delivery.inDoubt)
  if (known === 'gone') return settleDeliveries(ctx.db, owner, settle({ outcome: 'done' }))

  const planned = await inTransaction(ctx.db, async (tx) => {
    const person = await lock(tx, id)
    if (!person || person.contactId !== contactId) return null
    if (person.tags === null || (await stateOf(tx, id)).needsRead) return null
    const plan = await planTags(tx, person)
    if (plan.idle.length > 0) await dropWishes(tx, id, plan.idle)
    const writtenAt = ctx.clock.now()
    const rows = [
      ...plan.add.map((tag) => ({ tag, added: true })),
      ...plan.remove.map((tag) => ({ tag, added: false })),
    ]
    if (rows.length === 0) {
      await settleDeliveries(tx, owner, settle({ outcome: 'done' }))
      return 'nothing'
    }
    await tx
      .insert(tagWrites)
      .values(rows.map((row) => ({ ...row, personId: id, writtenAt })))
      .onConflictDoUpdate({
        target: [tagWrites.personId, tagWrites.tag],
        set: { added: sql`excluded.added`, writtenAt: sql`excluded.written_at` },
      })
    const { fromLabels } = plan
    if (fromLabels.added.length > 0)
      await tx
        .insert(labelTags)
        .values(fromLabels.added.map((tag) => ({ tag, personId: id, addedAt: writtenAt })))
        .onConflictDoNothing()
    if (fromLabels.added.length + fromLabels.removed.length > 0)
      await followTags(ctx, tx, person, { changes: fromLabels, context: await loadTagContext(tx, person), by: 'phone' })
    return plan
  })
  if (planned === 'nothing') return
  if (planned === null) return settleDeliveries(ctx.db, owner, settle(again))

  if (!isHeld()) throw new HoldLost(delivery.id)
  if (planned.add.length > 0) await crm.addTags(contactId, planned.add)
  if (planned.remove.length > 0) await crm.removeTags(contactId, planned.remove)
  await inTransaction(ctx.db, async (tx) => {
    const person = await lock(tx, id)
    if (person?.contactId === contactId) await record(tx, person, planned)
    const after = person && { ...person, tags: told(person.tags ?? [], planned) }
    const isMore = after && (await hasMore(tx, after))
    await settleDeliveries(tx, owner, settle(isMore ? again : { outcome: 'done' }))
    if (person) await tellPages(tx, person)
  })
}

/** Whoever looks at a label sync this person is part of. */
async function tellPages(tx: Transaction, { id, locationId }: PersonRow): Promise<void> {
  const rows = await tx.selectDistinct({ id: labelMarks.sessionId }).from(labelMarks).where(eq(labelMarks.personId, id))
  await notifyChanges(
    tx,
    rows.map((row) => ({ locationId, type: 'sync', id: `labels:${row.id}` })),
  )
}

async function record(tx: Transaction, person: PersonRow, plan: TagPlan): Promise<void> {
  const tags = told(person.tags ?? [], plan)
  await tx.update(people).set({ tags }).where(eq(people.id, person.id))
  await tx
    .insert(tagStates)
    .values({ personId: person.id, version: 1 })
    .onConflictDoUpdate({ target: tagStates.personId, set: { version: sql`${tagStates.version} + 1` } })
  for (const [list, wanted] of [
    [plan.add, true],
    [plan.remove, false],
  ] as const)
    if (list.length > 0)
      await tx
        .delete(tagWishes)
        .where(and(eq(tagWishes.personId, person.id), inArray(tagWishes.tag, list), eq(tagWishes.wanted, wanted)))
  if (plan.remove.length > 0)
    await tx.delete(labelTags).where(and(eq(labelTags.personId, person.id), inArray(labelTags.tag, plan.remove)))
}

const told = (tags: readonly string[], plan: TagPlan) => [
  ...tags.filter((tag) => !plan.remove.includes(tag) && !plan.add.includes(tag)),
  ...plan.add,
]

async function hasMore(tx: Transaction, person: PersonRow): Promise<boolean> {
  if ((await stateOf(tx, person.id)).needsRead) return true
  const plan = await planTags(tx, person)
  return plan.add.length + plan.remove.length + plan.idle.length > 0
}

/** Reads the contact where an event may have come out of order, or a write of ours may or may not have arrived. */
async function readIfNeeded(
  ctx: BridgeContext,
  id: PersonId,
  contactId: ContactId,
  inDoubt: boolean,
): Promise<'known' | 'gone'> {
  const [row] = await ctx.db
    .select({
      ...{ tags: people.tags, needsRead: tagStates.needsRead, version: tagStates.version },
      at: sql<string>`clock_timestamp()`,
    })
    .from(people)
    .leftJoin(tagStates, eq(tagStates.personId, people.id))
    .where(eq(people.id, id))
  if (!row || (row.tags !== null && !row.needsRead && !inDoubt)) return 'known'
  const contact = await orNull(ctx.highlevel.forSubAccount(await locationOf(ctx, id)).getContact(contactId))
  if (!contact) return 'gone'
  await inTransaction(ctx.db, async (tx) => {
    const person = await lock(tx, id)
    if (!person || person.contactId !== contactId) return
    // An event came between: what was read may be older than it.
    if ((await stateOf(tx, id)).version !== (row.version ?? 0)) return
    await learnTags(ctx, tx, person, { tags: contact.tags, how: 'read', at: new Date(row.at) })
  })
  return 'known'
}

async function locationOf(ctx: BridgeContext, id: PersonId) {
  const [row] = await ctx.db.select({ locationId: people.locationId }).from(people).where(eq(people.id, id))
  if (!row) throw new CrmError('refused', 'the person is not known any more')
  return row.locationId
}

/**
 * The contact to tag. One that is not known is looked for by number if a label asks for it, and made only if they ever wrote or
 * were written to. Whoever has no number is left to the one lane that pushes their messages: the CRM would take them twice.
 */
async function contactOf(ctx: BridgeContext, id: PersonId): Promise<ContactId | null> {
  const [person] = await ctx.db.select().from(people).where(eq(people.id, id))
  if (!person || person.contactId) return person?.contactId ?? null
  const wishes = await ctx.db.select().from(tagWishes).where(eq(tagWishes.personId, id))
  if (person.phone === null || !wishes.some(({ wanted, because }) => wanted && because !== 'message')) return null
  const [message] = await ctx.db.select({ id: messages.id }).from(messages).where(eq(messages.personId, id)).limit(1)
  await resolveContact(ctx, person, { create: message !== undefined })
  const [now] = await ctx.db.select({ contactId: people.contactId }).from(people).where(eq(people.id, id))
  return now?.contactId ?? null
}

async function lock(tx: Transaction, id: PersonId): Promise<PersonRow | undefined> {
  const [person] = await tx.select().from(people).where(eq(people.id, id)).for('update')
  return person
}

async function stateOf(tx: Transaction, id: PersonId): Promise<{ needsRead: boolean; version: number }> {
  const [state] = await tx.select().from(tagStates).where(eq(tagStates.personId, id))
  return state ?? { needsRead: false, version: 0 }
}

async function dropWishes(tx: Transaction, id: PersonId, tags: readonly string[]): Promise<void> {
  await tx.delete(tagWishes).where(and(eq(tagWishes.personId, id), inArray(tagWishes.tag, [...tags])))
}
