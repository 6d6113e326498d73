import type { LocationId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import type { Settings } from '../sub-account/settings'
import { readUsers } from '../sub-account/read-users'

const most = 20

/**
 * Whom mails about a sub-account go to: the addresses its settings name, else its admins and those of its agency as the CRM
 * knows them, else whoever of its users has an address. Throws CrmError.
 */
export async function recipientsOf(
  ctx: BridgeContext,
  locationId: LocationId,
  settings: Pick<Settings, 'alertEmails'>,
): Promise<string[]> {
  if (settings.alertEmails.length > 0) return settings.alertEmails.slice(0, most)
  const users = await readUsers(ctx, locationId)
  const addressesOf = (some: typeof users) => [
    ...new Set(some.flatMap(({ email }) => (email?.includes('@') ? [email.toLowerCase()] : []))),
  ]
  const ofAdmins = addressesOf(users.filter(({ role }) => role === 'admin'))
  return (ofAdmins.length > 0 ? ofAdmins : addressesOf(users)).slice(0, most)
}
