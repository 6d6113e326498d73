import { notThisLocation, ok, refuse, traced } from '../answer'
import { knowTags } from '../contacts'
import type { Crm } from '../crm'
import { permissionsOf } from '../events'
import type { Location, User } from '../nouns'
import { type Call, type Handler, str, whole } from './kinds'

/** Users, sub-accounts, their tags and their channels. */
function userView(crm: Crm, user: User): Record<string, unknown> {
  const seesAll = user.type === 'agency' && user.role === 'admin'
  const all = crm.store.locations.all().filter((one) => one.companyId === user.companyId)
  return {
    id: user.id,
    name: `${user.firstName} ${user.lastName}`.trim(),
    firstName: user.firstName,
    lastName: user.lastName,
    email: user.email,
    phone: user.phone,
    extension: '',
    permissions: permissionsOf(user),
    roles: {
      type: user.type,
      role: user.role,
      locationIds: seesAll ? all.map((one) => one.id) : user.locationIds,
    },
    deleted: user.deleted,
    platformLanguage: 'en_US',
  }
}

const worksIn = (user: User, locationId: string): boolean =>
  user.locationIds.includes(locationId) || (user.type === 'agency' && user.role === 'admin')

const usersOf = ({ crm, grant }: Call): User[] =>
  crm.store.users.all().filter((user) => user.companyId === grant.companyId && !user.deleted)

const listUsers: Handler = (call) => {
  const users = usersOf(call).filter((user) => worksIn(user, call.query.locationId ?? ''))
  return traced({ users: users.map((user) => userView(call.crm, user)) })
}

const searchUsers: Handler = (call) => {
  const { query, grant } = call
  if (query.companyId !== grant.companyId) throw refuse(403, 'Forbidden resource')
  const locationId = query.locationId ?? grant.locationId
  const text = query.query?.toLowerCase()
  const all = usersOf(call)
    .filter((user) => !locationId || worksIn(user, locationId))
    .filter((user) => !query.type || user.type === query.type)
    .filter((user) => !query.role || user.role === query.role)
    .filter((user) => !query.ids || query.ids.split(',').includes(user.id))
    .filter((user) => !text || `${user.firstName} ${user.lastName} ${user.email}`.toLowerCase().includes(text))
  const skip = whole(query.skip, 0)
  const page = all.slice(skip, skip + whole(query.limit, 25))
  return traced({ users: page.map((user) => userView(call.crm, user)), count: all.length })
}

const getUser: Handler = (call) => {
  const user = usersOf(call).find((one) => one.id === call.params.userId)
  if (!user) throw refuse(400, `User with id ${call.params.userId} not found`)
  if (call.grant.locationId && !worksIn(user, call.grant.locationId)) throw notThisLocation()
  return ok(userView(call.crm, user))
}

function locationView(location: Location): Record<string, unknown> {
  const address = {
    address: '100 Sample Street',
    city: 'Springfield',
    state: 'IL',
    country: location.country,
    postalCode: '62701',
    website: 'https://example.com/',
    timezone: location.timezone,
  }
  return {
    id: location.id,
    companyId: location.companyId,
    name: location.name,
    domain: '',
    ...address,
    logoUrl: '',
    firstName: 'Jo',
    lastName: 'Owner',
    email: location.email,
    phone: location.phone,
    business: { name: location.name, ...address },
    social: {},
    settings: {
      allowDuplicateContact: location.allowDuplicateContact,
      allowDuplicateOpportunity: false,
      allowFacebookNameMerge: false,
      disableContactTimezone: false,
    },
  }
}

const getLocation: Handler = ({ crm, params }) => {
  const location = crm.store.locations.get(params.locationId ?? '')
  if (!location) throw refuse(400, `Location with id ${params.locationId} not found`)
  return traced({ location: locationView(location) })
}

const searchLocations: Handler = ({ crm, grant, query }) => {
  const all = crm.store.locations
    .all()
    .filter((one) => one.companyId === grant.companyId && (!grant.locationId || one.id === grant.locationId))
    .filter((one) => !query.email || one.email === query.email)
  if (query.order === 'desc') all.reverse()
  const skip = whole(query.skip, 0)
  return traced({ locations: all.slice(skip, skip + whole(query.limit, 10)).map(locationView) })
}

const listTags: Handler = ({ crm, params }) =>
  traced({ tags: crm.store.tags.all().filter((tag) => tag.locationId === params.locationId) })

const createTag: Handler = ({ crm, params, body }) => {
  const name = (str(body.name) ?? '').trim().toLowerCase()
  const locationId = params.locationId ?? ''
  if (crm.store.tags.get(`${locationId}|${name}`)) throw refuse(400, 'The tag name is already exist.')
  knowTags(crm, locationId, [name])
  return ok({ tag: { ...crm.store.tags.get(`${locationId}|${name}`) } })
}

const customFields: Handler = () => traced({ customFields: [] })

const channels: Handler = ({ crm, params }) => {
  const { app } = crm
  const chosen = crm.store.locations.get(params.locationId ?? '')?.smsProviderId
  const entry = (_id: string, name: string) => ({
    conversationProvider: { _id, name, type: 'SMS', default: _id === chosen },
  })
  const sms = [entry('twilio_provider', 'Twilio')]
  if (crm.store.installs.get(params.locationId ?? '')) {
    sms.push(entry(app.providerId, app.name))
    if (app.smsProviderId) sms.push(entry(app.smsProviderId, `${app.name} SMS`))
  }
  return ok({ conversationChannel: params.type === 'SMS' ? { SMS: sms } : { Email: [] } })
}

export const directoryOperations: Record<string, Handler> = {
  'get /users/': listUsers,
  'get /users/search': searchUsers,
  'get /users/{userId}': getUser,
  'get /locations/search': searchLocations,
  'get /locations/{locationId}': getLocation,
  'get /locations/{locationId}/tags': listTags,
  'post /locations/{locationId}/tags': createTag,
  'get /locations/{locationId}/customFields': customFields,
  'v3 get /locations/{locationId}/conversationChannels/{type}': channels,
}
