import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { labelWishes } from '@/db/schema/tags'
import type { SessionId } from '@/lib/ids'
import { putDeliveries, type NewDelivery } from '@/lib/outbox/put'
import type { PersonRow } from '../contact/lock-person'
import type { BridgeContext } from '../context'

/** What is to become of labels on one person's chat; the newest wish for a tag replaces those before. */
export async function wishLabels(
  ctx: BridgeContext,
  tx: Transaction,
  sessionId: SessionId,
  person: Pick<PersonRow, 'id' | 'locationId'>,
  wishes: readonly { tag: string; wanted: boolean }[],
): Promise<void> {
  if (wishes.length === 0) return
  const wishedAt = ctx.clock.now()
  await tx
    .insert(labelWishes)
    .values(wishes.map((wish) => ({ ...wish, sessionId, personId: person.id, wishedAt })))
    .onConflictDoUpdate({
      target: [labelWishes.sessionId, labelWishes.personId, labelWishes.tag],
      set: { wanted: sql`excluded.wanted`, wishedAt: sql`excluded.wished_at` },
    })
  await putDeliveries(tx, [labelDelivery(sessionId, person)])
}

export const labelDelivery = (sessionId: SessionId, person: Pick<PersonRow, 'id' | 'locationId'>): NewDelivery => ({
  kind: 'label',
  key: `label:${sessionId}:${person.id}`,
  // One lane for all labels of an account: a label is made once, before it is put on anything.
  lane: `label:${sessionId}`,
  locationId: person.locationId,
  sessionId,
  subjectId: person.id,
})
