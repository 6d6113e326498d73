import { NotPossible } from './composer'
import type { Crm } from './crm'
import { encryptUserData } from './sso'

/** Who looks at the app inside the CRM's frame, and the encrypted user data the frame hands over about them. */
export interface Viewer {
  userId: string
  locationId?: string
}

export function userData(
  crm: Crm,
  { userId, locationId }: Viewer,
): { payload: string; plain: Record<string, unknown> } {
  const user = crm.store.users.get(userId)
  if (!user) throw new NotPossible(`There is no user ${userId}.`)
  const company = crm.store.companies.get(user.companyId)
  const plain = {
    userId: user.id,
    companyId: user.companyId,
    role: user.role,
    type: user.type === 'agency' ? 'agency' : 'location',
    userName: `${user.firstName} ${user.lastName}`.trim(),
    email: user.email,
    isAgencyOwner: user.owner,
    versionId: crm.app.versionId,
    appStatus: 'live',
    whitelabelDetails: company?.whitelabel ?? {},
    ...(locationId ? { activeLocation: locationId } : {}),
  }
  return { payload: encryptUserData(crm.app.ssoSecret, JSON.stringify(plain)), plain }
}
