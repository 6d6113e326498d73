import { ok, refuse } from '../answer'
import { uninstallCompany, uninstallLocation } from '../installs'
import { type Call, type Handler, str } from './kinds'

function assertOwnApp({ crm, params }: Call): void {
  if (params.appId !== crm.app.id) throw refuse(403, 'Forbidden resource')
}

const details: Handler = (call) => {
  assertOwnApp(call)
  const { crm, grant } = call
  const company = crm.store.companies.get(grant.companyId)
  const install = grant.locationId
    ? crm.store.installs.get(grant.locationId)
    : crm.store.companyInstalls.get(grant.companyId)
  if (!install) throw refuse(400, 'The app is not installed')
  return ok({
    installationDetails: {
      companyId: grant.companyId,
      locationId: grant.locationId,
      companyName: company?.name ?? '',
      relationshipNumber: '0-000-001',
      companyEmail: null,
      companyOwnerFullName: null,
      userId: install.userId,
      isWhitelabelCompany: Boolean(company?.whitelabel),
      companyPlan: null,
      companyHighLevelPlan: null,
      marketplaceAppPlanId: crm.app.planId,
      whitelabelDetails: company?.whitelabel ?? {},
    },
  })
}

/** A location token removes its sub-account, an agency token the agency with all of them. */
const uninstall: Handler = (call) => {
  assertOwnApp(call)
  const { crm, grant, body } = call
  if (!str(body.reason)) throw refuse(422, ['reason should not be empty'])
  if (grant.userType === 'Location') {
    if (body.locationId !== grant.locationId) throw refuse(422, ['locationId should not be empty'])
    uninstallLocation(crm, grant.locationId ?? '', 'app')
  } else if (str(body.locationId)) {
    const install = crm.store.installs.get(str(body.locationId) ?? '')
    if (install && install.companyId !== grant.companyId) throw refuse(403, 'Forbidden resource')
    uninstallLocation(crm, str(body.locationId) ?? '', 'app')
  } else {
    if (body.companyId !== grant.companyId) throw refuse(422, ['companyId should not be empty'])
    uninstallCompany(crm, grant.companyId, 'app')
  }
  return ok({ success: true })
}

export const marketplaceOperations: Record<string, Handler> = {
  'get /marketplace/app/{appId}/installations': details,
  'delete /marketplace/app/{appId}/installations': uninstall,
}
