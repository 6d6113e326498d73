import { and, eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import type { AppEvent } from '@/lib/highlevel/highlevel'
import type { BridgeContext } from '../context'

type ContactEvent = Extract<AppEvent, { type: 'contact-changed' | 'contact-deleted' }>

/**
 * What the CRM tells about a contact we know. Of a deleted one nothing is kept that names it, so the next message finds or
 * creates a contact anew. A changed number is not taken over: it may be another person, and whoever is written to next decides.
 */
export async function acceptContactChange(ctx: BridgeContext, tx: Transaction, event: ContactEvent): Promise<void> {
  const isThem = and(eq(people.locationId, event.locationId), eq(people.contactId, event.contactId))
  if (event.type === 'contact-deleted')
    await tx.update(people).set({ contactId: null, conversationId: null, dnd: null, factsAt: null }).where(isThem)
  else if (event.dnd !== null || event.phone !== null)
    await tx
      .update(people)
      .set({
        ...(event.dnd === null ? {} : { dnd: event.dnd, factsAt: ctx.clock.now() }),
        ...(event.phone === null ? {} : { phone: sql`coalesce(${people.phone}, ${event.phone})` }),
      })
      .where(isThem)
}
