/** The CRM's contact a message belongs to. */
import type { people } from '@/db/schema/people'
import type { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { ContactId, LocationId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { forgetContact } from '../contact/forget-contact'
import { resolveContact } from '../contact/resolve'
import type { BridgeContext } from '../context'

/** How long a person without a phone number may wait for it before they become a contact without one. */
const waitForNumberMs = 30_000

type PersonRow = typeof people.$inferSelect
type Giving = Pick<typeof sessions.$inferSelect, 'assignedUserId' | 'givesNewContacts'>

/** Found or created; whoever has no number yet is waited for. Throws CrmError, or HoldLost before one is made. */
export async function contactOf(
  ctx: BridgeContext,
  { delivery, isHeld }: { delivery: ClaimedDelivery; isHeld: () => boolean },
  { message, person, session }: { message: { createdAt: Date }; person: PersonRow; session: Giving | null },
): Promise<ContactId> {
  if (!person.phone && !person.contactId) {
    const waitedMs = ctx.clock.now().getTime() - message.createdAt.getTime()
    if (waitedMs < waitForNumberMs) {
      throw new CrmError('try_later', 'the number of this person is not known yet', { retryAfterMs: 5_000 })
    }
  }
  return await resolveContact(ctx, person, {
    assignTo: session?.givesNewContacts ? session.assignedUserId : null,
    inDoubt: delivery.inDoubt,
    beforeCreate() {
      if (!isHeld()) throw new HoldLost(delivery.id)
    },
  })
}

/**
 * Adds to the contact's conversation. A contact deleted in the CRM is forgotten: the person wrote again, so they become a
 * contact again at the next attempt. Throws CrmError.
 */
export async function addTo<Result>(
  ctx: BridgeContext,
  { locationId }: { locationId: LocationId },
  contactId: ContactId,
  add: () => Promise<Result>,
): Promise<Result> {
  try {
    return await add()
  } catch (error) {
    if (!(error instanceof CrmError && error.kind === 'refused')) throw error
    if (!(await isGone(ctx, locationId, contactId))) throw error
    await inTransaction(ctx.db, (tx) => forgetContact(tx, locationId, contactId))
    throw new CrmError('try_later', 'the contact was deleted in the CRM', { retryAfterMs: 0, cause: error })
  }
}

/** Throws CrmError when the CRM cannot say now: a message is not given up on a guess. */
async function isGone(ctx: BridgeContext, locationId: LocationId, contactId: ContactId): Promise<boolean> {
  try {
    await ctx.highlevel.forSubAccount(locationId).getContact(contactId)
    return false
  } catch (error) {
    if (error instanceof CrmError && error.kind === 'refused') return true
    throw error
  }
}
