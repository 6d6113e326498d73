import { and, eq, inArray, lt } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import { labelTags, sharedTags, tagStates, tagWrites } from '@/db/schema/tags'
import type { Clock } from '@/lib/clock'
import type { ContactId, LocationId } from '@/lib/ids'
import { ownWriteForMs } from './tags'

const facts = { conversationId: null, lastWroteTo: null, dnd: null, tags: null, ownerUserId: null, factsAt: null }

/** Whoever was this contact is none any more: what was known and done of it is not theirs, nor of the one that comes next. */
export async function forgetContact(tx: Transaction, locationId: LocationId, contactId: ContactId): Promise<void> {
  const gone = await tx
    .update(people)
    .set({ contactId: null, ...facts })
    .where(and(eq(people.locationId, locationId), eq(people.contactId, contactId)))
    .returning({ id: people.id })
  const ids = gone.map(({ id }) => id)
  if (ids.length === 0) return
  for (const table of [tagStates, tagWrites, labelTags, sharedTags])
    await tx.delete(table).where(inArray(table.personId, ids))
}

/** Writes the CRM can no longer be telling about. */
export async function sweepTagWrites(ctx: { db: Database; clock: Clock }): Promise<void> {
  await ctx.db.delete(tagWrites).where(lt(tagWrites.writtenAt, new Date(ctx.clock.now().getTime() - ownWriteForMs)))
}
