import type { LocationId, PersonId } from '@/lib/ids'
import type { NewDelivery } from '@/lib/outbox/put'

/** In the lane of their messages: what they write from then on is shown where it belongs. */
export const completeDelivery = (person: { id: PersonId; locationId: LocationId }): NewDelivery => ({
  kind: 'complete',
  key: `complete:${person.id}`,
  lane: `person:${person.id}`,
  locationId: person.locationId,
  sessionId: null,
  subjectId: person.id,
})
