import type { Crm } from './crm'
import { announce, announceUser } from './events'
import { installFuture } from './installs'
import type { Company, Location, User } from './nouns'
import { splitName } from './contacts'
import type { Seed, SeedUser } from './options'
import { newId } from './store'

/** Agencies, sub-accounts and users, made by hand or at the first start. */
export const DEMO_SEED: Seed = {
  company: { name: 'Lighthouse Agency' },
  locations: [
    { name: 'Harbour Dental', phone: '+12025550110' },
    { name: 'Northside Realty', phone: '+12025550120' },
  ],
  users: [
    { name: 'Alex Kim', type: 'agency', role: 'admin', owner: true },
    { name: 'Robin Vale', type: 'agency', role: 'user', locations: ['Harbour Dental'] },
    { name: 'Kim Roe', type: 'account', role: 'admin', locations: ['Harbour Dental'] },
    { name: 'Sam Lee', type: 'account', role: 'user', locations: ['Harbour Dental'] },
    { name: 'Jo Marsh', type: 'account', role: 'admin', locations: ['Northside Realty'] },
    { name: 'Pat Quinn', type: 'account', role: 'user', locations: ['Northside Realty'] },
  ],
}

export function createCompany(crm: Crm, given: Seed['company']): Company {
  const company = { ...given, id: given.id ?? newId() }
  return crm.store.companies.put(company.id, company)
}

export type NewLocation = { companyId: string } & Seed['locations'][number]

export function createLocation(crm: Crm, given: NewLocation): Location {
  const location: Location = {
    id: given.id ?? newId(),
    companyId: given.companyId,
    name: given.name,
    phone: given.phone ?? '+12025550100',
    email: 'owner@example.com',
    country: given.country ?? 'US',
    timezone: given.timezone ?? 'America/Chicago',
    active: true,
    allowDuplicateContact: false,
    smsProviderId: 'twilio_provider',
  }
  crm.store.locations.put(location.id, location)
  crm.record('location-created', { locationId: location.id, companyId: location.companyId, name: location.name })
  const { id, companyId, name, email } = location
  announce(crm, 'LocationCreate', { id, companyId, name, email }, { companyId, lane: id })
  installFuture(crm, location)
  return location
}

export type NewUser = { companyId: string } & SeedUser

export function createUser(crm: Crm, given: NewUser): User {
  const { firstName, lastName } = splitName(given.name)
  const locations = crm.store.locations.all().filter((one) => one.companyId === given.companyId)
  const user: User = {
    id: given.id ?? newId(),
    companyId: given.companyId,
    firstName,
    lastName,
    email: given.email ?? `${given.name.toLowerCase().replaceAll(/\W+/g, '.')}@example.com`,
    phone: '+12025550177',
    type: given.type,
    role: given.role,
    locationIds: (given.locations ?? []).flatMap(
      (wanted) => locations.find((one) => one.id === wanted || one.name === wanted)?.id ?? [],
    ),
    owner: given.owner ?? false,
    assignedDataOnly: false,
    deleted: false,
  }
  crm.store.users.put(user.id, user)
  announceUser(crm, 'UserCreate', user)
  return user
}

export function plant(crm: Crm, seed: Seed): void {
  const company = createCompany(crm, seed.company)
  for (const location of seed.locations) createLocation(crm, { ...location, companyId: company.id })
  for (const user of seed.users) createUser(crm, { ...user, companyId: company.id })
}
