import { CrmError, type SubAccountApi } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { readUsers } from '../sub-account/read-users'

type NewContact = Parameters<SubAccountApi['createContact']>[0]

/**
 * A new contact in the CRM, given to a user if it takes them: one it does not know any more keeps nobody from becoming a
 * contact. Throws CrmError.
 */
export async function createContact(
  ctx: BridgeContext,
  locationId: LocationId,
  contact: NewContact,
): ReturnType<SubAccountApi['createContact']> {
  const crm = ctx.highlevel.forSubAccount(locationId)
  try {
    return await crm.createContact(contact)
  } catch (error) {
    if (!(error instanceof CrmError) || error.kind !== 'refused' || !contact.assignedTo) throw error
    const made = await crm.createContact({ ...contact, assignedTo: null })
    // Likely the user is gone; reading who is there takes the session from them.
    await readUsers(ctx, locationId).catch((failed: unknown) => {
      if (!(failed instanceof CrmError)) throw failed
    })
    return made
  }
}
