import { NotPossible } from './composer'
import type { Crm } from './crm'
import { announce } from './events'
import { announceInstall, uninstallCompany } from './installs'
import { newHexId } from './store'

/** The rarer lifecycle events, on demand. */
export type Lifecycle =
  | { kind: 'install-again'; locationId: string }
  | { kind: 'update'; locationId: string }
  | { kind: 'plan-change'; locationId: string; newPlanId?: string }
  | { kind: 'payment'; locationId: string; status: 'FAILED' | 'COMPLETE' }
  | { kind: 'mass-uninstall' }

export function play(crm: Crm, event: Lifecycle): void {
  if (event.kind === 'mass-uninstall') {
    for (const company of crm.store.companies.all()) uninstallCompany(crm, company.id, 'mass')
    return
  }
  const { locationId } = event
  const install = crm.store.installs.get(locationId)
  if (!install) throw new NotPossible('The app is not installed in this sub-account.')
  const { companyId, userId } = install
  const place = { locationId, companyId }
  if (event.kind === 'install-again') announceInstall(crm, locationId)
  else if (event.kind === 'update')
    announce(crm, 'UPDATE', { ...place, userId, previousVersionId: newHexId() }, { locationId })
  else if (event.kind === 'plan-change') {
    const plans = { currentPlanId: crm.app.planId, newPlanId: event.newPlanId ?? newHexId() }
    announce(crm, 'PLAN_CHANGE', { ...place, userId, ...plans }, { locationId })
  } else {
    const isFailed = event.status === 'FAILED'
    const change = { previousStatus: isFailed ? 'COMPLETE' : 'FAILED', newStatus: event.status }
    announce(crm, 'APP_PAYMENT_STATUS', { ...place, userId: isFailed ? null : userId, ...change }, { locationId })
  }
}
