import type { Transaction } from '@/db/client'
import type { LocationId, PersonId } from '@/lib/ids'
import { putDeliveries } from '@/lib/outbox/put'

const atOnce = 1_000

/** Promises to look at what the CRM should be told of these people's tags; one promise each, however often it is made. */
export async function putTagDeliveries(
  tx: Transaction,
  people: readonly { id: PersonId; locationId: LocationId }[],
): Promise<void> {
  // In the order of their lanes, so that two that promise for the same people do not wait for each other.
  const sorted = [...people].sort((a, b) => (a.id < b.id ? -1 : 1))
  for (let from = 0; from < sorted.length; from += atOnce)
    await putDeliveries(
      tx,
      sorted.slice(from, from + atOnce).map(({ id, locationId }) => ({
        kind: 'tag',
        key: `tag:${id}`,
        lane: `tag:${id}`,
        locationId,
        sessionId: null,
        subjectId: id,
      })),
    )
}
