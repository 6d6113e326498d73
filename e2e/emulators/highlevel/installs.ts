import type { Crm } from './crm'
import { announce } from './events'
import type { Code, Grant, Install, Location, User } from './nouns'
import { createCode, killTokens } from './tokens'

/** Installing and uninstalling the app, as the marketplace does it. */
export interface InstallChoice {
  companyId: string
  /** One sub-account: a Location token if one of its users chose, a Company token if the agency's did. */
  locationId?: string
  /** The agency's choice: a Company token, these sub-accounts or all. */
  locationIds?: string[]
  future?: boolean
  userId?: string
  scope?: string
  redirectUri?: string
}

function someUser(crm: Crm, choice: InstallChoice): string {
  if (choice.userId) return choice.userId
  const users = crm.store.users.all().filter((user) => user.companyId === choice.companyId && !user.deleted)
  const fits = (user: User) =>
    choice.locationId ? user.locationIds.includes(choice.locationId) && user.type === 'account' : user.type === 'agency'
  const chosen = users.find((user) => fits(user) && user.role === 'admin') ?? users.find(fits) ?? users[0]
  return chosen?.id ?? 'noUserCreatedYet00000'
}

function addInstall(crm: Crm, location: Location, userId: string, bulk: boolean): Install {
  const install: Install = {
    locationId: location.id,
    companyId: location.companyId,
    userId,
    installedAt: new Date().toISOString(),
    versionId: crm.app.versionId,
    bulk,
  }
  crm.record('install', { locationId: location.id, companyId: location.companyId, userId, bulk })
  return crm.store.installs.put(location.id, install)
}

export function announceInstall(crm: Crm, locationId: string, isFuture = false): void {
  const install = crm.store.installs.get(locationId)
  if (!install) return
  const company = crm.store.companies.get(install.companyId)
  if (isFuture && crm.settings.oauth.futureInstallOmitsCompany) {
    announce(crm, 'INSTALL', { installType: 'Location', locationId }, { locationId })
    return
  }
  announce(
    crm,
    'INSTALL',
    {
      installType: 'Location',
      locationId,
      companyId: install.companyId,
      userId: install.userId,
      planId: crm.app.planId,
      isWhitelabelCompany: Boolean(company?.whitelabel),
      whitelabelDetails: company?.whitelabel ?? {},
      companyName: company?.name,
    },
    { locationId },
  )
}

export function announceCompanyInstall(crm: Crm, companyId: string): void {
  announce(crm, 'INSTALL', { installType: 'Company', companyId, planId: crm.app.planId })
}

/** Records the choice and gives the code the redirect carries; INSTALL events go out in the order the switch says. */
export async function chooseInstall(crm: Crm, choice: InstallChoice): Promise<Code> {
  const { companyId, locationId } = choice
  const userId = someUser(crm, choice)
  const inCompany = crm.store.locations.all().filter((one) => one.companyId === companyId)
  const wanted = locationId === undefined ? choice.locationIds : [locationId]
  const locations = wanted ? inCompany.filter((one) => wanted.includes(one.id)) : inCompany
  if (locations.length === 0 && !choice.future) throw new Error('no such sub-account in this agency')

  const isAgencyUser = choice.userId !== undefined && crm.store.users.get(choice.userId)?.type === 'agency'
  const asLocation =
    locations.length === 1 && crm.settings.oauth.agencyInstallToken === 'Location'
      ? true
      : locationId !== undefined && !isAgencyUser
  for (const location of locations) addInstall(crm, location, userId, !asLocation)
  if (!asLocation) {
    const before = wanted ? crm.store.companyInstalls.get(companyId) : undefined
    const approved = new Set([...(before?.approvedLocations ?? []), ...locations.map((one) => one.id)])
    crm.store.companyInstalls.put(companyId, {
      companyId,
      userId,
      installedAt: new Date().toISOString(),
      future: choice.future ?? before?.future ?? false,
      approveAll: !wanted || (before?.approveAll ?? false),
      approvedLocations: [...approved],
    })
  }

  const grant: Grant = {
    userType: asLocation ? 'Location' : 'Company',
    companyId: choice.companyId,
    locationId: asLocation ? locations[0]?.id : undefined,
    userId,
    scope: choice.scope?.trim() || crm.app.scopes.join(' '),
    bulk: !asLocation,
  }
  const announces = locations.map((one) => one.id)
  const code = createCode(crm, grant, { redirectUri: choice.redirectUri, announces, announcesCompany: !asLocation })
  if (crm.settings.oauth.installWebhook === 'before-callback') {
    announcePending(crm, code.code)
    await crm.webhooks.idle()
  } else setTimeout(() => announcePending(crm, code.code), crm.settings.oauth.installWebhookMs).unref()
  return code
}

/** Sends the INSTALL events this code still owes. */
export function announcePending(crm: Crm, value: string): void {
  const code = crm.store.codes.get(value)
  if (!code?.announces) return
  crm.store.codes.put(value, { ...code, announces: undefined, announcesCompany: undefined })
  if (code.announcesCompany) announceCompanyInstall(crm, code.grant.companyId)
  for (const locationId of code.announces) announceInstall(crm, locationId)
}

/** A sub-account made while the agency installs to future ones gets the app by itself. */
export function installFuture(crm: Crm, location: Location): void {
  const install = crm.store.companyInstalls.get(location.companyId)
  if (!install?.future) return
  addInstall(crm, location, install.userId, true)
  crm.store.companyInstalls.put(location.companyId, {
    ...install,
    approvedLocations: [...install.approvedLocations, location.id],
  })
  announceInstall(crm, location.id, true)
}

export function uninstallLocation(crm: Crm, locationId: string, by: string, isQuiet = false): boolean {
  const install = crm.store.installs.get(locationId)
  if (!install) return false
  crm.store.installs.delete(locationId)
  killTokens(crm, (grant) => grant.locationId === locationId)
  const agency = crm.store.companyInstalls.get(install.companyId)
  if (agency)
    crm.store.companyInstalls.put(install.companyId, {
      ...agency,
      approvedLocations: agency.approvedLocations.filter((one) => one !== locationId),
    })
  crm.record('uninstall', { locationId, companyId: install.companyId, by })
  if (!isQuiet) announce(crm, 'UNINSTALL', { locationId }, { locationId })
  return true
}

/** Removes the app from the agency and all its sub-accounts: one event for the agency, as the CRM sends it. */
export function uninstallCompany(crm: Crm, companyId: string, by: string): boolean {
  const locations = crm.store.installs.all().filter((one) => one.companyId === companyId)
  const had = crm.store.companyInstalls.get(companyId) !== undefined || locations.length > 0
  for (const { locationId } of locations) uninstallLocation(crm, locationId, by, true)
  crm.store.companyInstalls.delete(companyId)
  killTokens(crm, (grant) => grant.companyId === companyId)
  if (had) {
    crm.record('uninstall', { companyId, by })
    announce(crm, 'UNINSTALL', { companyId }, { lane: companyId })
  }
  return had
}
