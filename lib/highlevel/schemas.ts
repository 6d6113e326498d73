import { z } from 'zod'
import type { CompanyId, ContactId, CrmMessageId, LocationId, UserId } from '@/lib/ids'
import type { AppEvent, CrmContact, CrmMessage, CrmUser, ProviderMessage, WaitingMessage } from './highlevel'

/**
 * Every payload in HighLevel's words, reshaped here to ours. Answers are read leniently (fields we do not use are ignored,
 * optional ones may be null), because the published documents and what is served differ; ids are strict.
 */

/** Ids become paths, keys and URLs of ours, so nothing else may hide in them. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const locationId = id.transform((value) => value as LocationId)
const companyId = id.transform((value) => value as CompanyId)
const contactId = id.transform((value) => value as ContactId)
const userId = id.transform((value) => value as UserId)
const crmMessageId = id.transform((value) => value as CrmMessageId)

/** An optional field that is sent absent, null or empty. */
const optional = <T extends z.ZodType>(schema: T) =>
  z
    .union([schema, z.literal(''), z.null()])
    .optional()
    .catch(undefined)
const given = <T>(value: T | '' | null | undefined): T | null => (value === '' || value == null ? null : value)
const words = z.string().nullish().catch(undefined)

// --- errors ---

export const errorBody = z
  .object({
    message: z.union([z.string(), z.array(z.string()).transform((lines) => lines.join('; '))]).catch(''),
    error: z
      .union([z.string(), z.object({ message: z.string() })])
      .optional()
      .catch(undefined),
    meta: z.object({ contactId: id }).optional().catch(undefined),
  })
  .catch({ message: '' })
  .transform(({ message, error, meta }) => ({
    message: message || (typeof error === 'object' ? error.message : (error ?? '')),
    contactId: (meta?.contactId ?? null) as ContactId | null,
  }))

export type ErrorBody = z.output<typeof errorBody>

// --- tokens and installations ---

export interface Grant {
  userType: 'Company' | 'Location'
  companyId: CompanyId
  locationId: LocationId | null
  accessToken: string
  refreshToken: string | null
  expiresInSeconds: number
  /** Who installed; absent from minted tokens of some accounts. */
  userId: UserId | null
  approvedLocations: LocationId[]
}

export const grantAnswer = z
  .object({
    access_token: z.string().min(1),
    refresh_token: optional(z.string().min(1)),
    expires_in: z.number().positive(),
    userType: z.enum(['Company', 'Location']),
    companyId,
    locationId: optional(locationId),
    userId: optional(userId),
    approvedLocations: z.array(locationId).nullish().catch(undefined),
  })
  .refine((grant) => grant.userType === 'Company' || given(grant.locationId) !== null)
  .transform((grant): Grant => ({
    userType: grant.userType,
    companyId: grant.companyId,
    locationId: grant.userType === 'Location' ? given(grant.locationId) : null,
    accessToken: grant.access_token,
    refreshToken: given(grant.refresh_token),
    expiresInSeconds: grant.expires_in,
    userId: given(grant.userId),
    approvedLocations: grant.approvedLocations ?? [],
  }))

export interface InstalledLocation {
  id: LocationId
  name: string
  isInstalled: boolean
  installedAt: Date | null
}

export const installedLocationsAnswer = z
  .object({
    locations: z.array(
      z.object({
        _id: locationId,
        name: words,
        isInstalled: z.boolean().nullish(),
        installedAt: z.coerce.date().nullish().catch(undefined),
      }),
    ),
    count: z.number().optional().catch(undefined),
  })
  .transform(({ locations }): InstalledLocation[] =>
    locations.map((one) => ({
      id: one._id,
      name: one.name ?? '',
      isInstalled: one.isInstalled ?? true,
      installedAt: one.installedAt ?? null,
    })),
  )

export const reconnectAnswer = z.object({ authorizationCode: z.string().min(1) })
// --- contacts ---

const contact = z
  .object({
    id: contactId,
    name: words,
    contactName: words,
    fullNameLowerCase: words,
    firstName: words,
    lastName: words,
    phone: words,
    source: words,
    tags: z.array(z.string()).nullish().catch(undefined),
    assignedTo: optional(userId),
    dnd: z.boolean().nullish().catch(undefined),
    dndSettings: z.record(z.string(), z.unknown()).nullish().catch(undefined),
    lastActivity: z.coerce.date().nullish().catch(undefined),
    dateUpdated: z.coerce.date().nullish().catch(undefined),
    dateAdded: z.coerce.date().nullish().catch(undefined),
  })
  .transform((one): CrmContact => ({
    id: one.id,
    name: given(one.name) ?? given(one.contactName) ?? given([one.firstName, one.lastName].filter(Boolean).join(' ')),
    phone: given(one.phone),
    source: given(one.source),
    tags: one.tags ?? [],
    assignedTo: given(one.assignedTo),
    dnd: one.dnd === true || allowsText(one.dndSettings) === false,
    activeAt: one.lastActivity ?? one.dateUpdated ?? one.dateAdded ?? null,
  }))

const dndSetting = z.object({ status: z.string() })

/** Whether the settings allow text messages; null when they do not say. `permanent` forbids as `active` does. */
function allowsText(settings: Record<string, unknown> | null | undefined): boolean | null {
  const known = ['SMS', 'WhatsApp'].flatMap((channel) => {
    const setting = dndSetting.safeParse(settings?.[channel])
    return setting.success ? [setting.data.status] : []
  })
  return known.length === 0 ? null : !known.some((status) => status === 'active' || status === 'permanent')
}

export const contactAnswer = z.object({ contact }).transform((body) => body.contact)
export const maybeContactAnswer = z.object({ contact: contact.nullish() }).transform((body) => body.contact ?? null)
const searchMark = z.object({ searchAfter: z.array(z.unknown()).min(1) })

/** With where the search can go on after the page's last contact, which carries it. */
export const contactsPage = z
  .object({ contacts: z.array(z.unknown()), total: z.number().nullish().catch(undefined) })
  .transform(({ contacts, total }, context) => {
    const parsed = z.array(contact).safeParse(contacts)
    if (!parsed.success) {
      context.addIssue('contacts of another shape')
      return z.NEVER
    }
    const mark = searchMark.safeParse(contacts.at(-1)).data?.searchAfter ?? null
    return { contacts: parsed.data, total: total ?? null, mark }
  })
export const tagsAnswer = z.object({ tags: z.array(z.string()).optional() })

// --- conversations ---

export const addMessageAnswer = z.object({ messageId: crmMessageId, conversationId: id })
/** Any 2xx is a yes: three shapes of it are documented or seen. */
export const statusAnswer = z.unknown()
export const conversationsAnswer = z.object({ conversations: z.array(z.object({ id, contactId })) })

export interface ListedMessage {
  id: CrmMessageId
  direction: 'inbound' | 'outbound' | null
  text: string
  at: Date | null
  outsideId: string | null
  providerId: string | null
}

const listedMessage = z
  .object({
    id: crmMessageId,
    direction: z.enum(['inbound', 'outbound']).nullish().catch(undefined),
    body: words,
    dateAdded: z.coerce.date().nullish().catch(undefined),
    altId: words,
    conversationProviderId: words,
  })
  .transform((one): ListedMessage => ({
    id: one.id,
    direction: one.direction ?? null,
    text: one.body ?? '',
    at: one.dateAdded ?? null,
    outsideId: given(one.altId),
    providerId: given(one.conversationProviderId),
  }))

/** Documented flat, served nested. */
export const messagesAnswer = z.union([
  z.object({ messages: z.object({ messages: z.array(listedMessage) }) }).transform((body) => body.messages.messages),
  z.object({ messages: z.array(listedMessage) }).transform((body) => body.messages),
])

const message = z
  .object({
    id: crmMessageId,
    locationId,
    contactId,
    direction: z.enum(['inbound', 'outbound']),
    body: words,
    conversationProviderId: optional(id),
  })
  .transform((one): Omit<CrmMessage, 'isOurs'> & { providerId: string | null } => ({
    id: one.id,
    locationId: one.locationId,
    contactId: one.contactId,
    direction: one.direction,
    text: one.body ?? '',
    providerId: given(one.conversationProviderId),
  }))

/** Documented bare; some answers wrap it. */
export const messageAnswer = z.union([message, z.object({ message }).transform((body) => body.message)])

const exportedMessage = z
  .object({
    id: crmMessageId,
    contactId,
    direction: words,
    status: words,
    body: words,
    attachments: z.array(z.string()).nullish().catch(undefined),
    userId: optional(userId),
    conversationId: optional(id),
    conversationProviderId: optional(id),
    altId: words,
    dateAdded: z.coerce.date(),
  })
  .transform((one) => ({
    isWaiting: one.direction === 'outbound' && one.status === 'pending' && given(one.altId) === null,
    message: {
      ...{ contactId: one.contactId, crmMessageId: one.id, text: one.body ?? '', attachments: one.attachments ?? [] },
      ...{ userId: given(one.userId), conversationId: given(one.conversationId) },
      ...{ providerId: given(one.conversationProviderId), at: one.dateAdded },
    } satisfies WaitingMessage,
  }))

/** A page of everything written in a sub-account; what cannot be read among it is somebody else's. */
export const exportAnswer = z
  .object({ messages: z.array(z.unknown()), nextCursor: words })
  .transform(({ messages, nextCursor }) => ({
    cursor: given(nextCursor),
    waiting: messages.flatMap((one) => {
      const parsed = exportedMessage.safeParse(one)
      return parsed.success && parsed.data.isWaiting ? [parsed.data.message] : []
    }),
  }))

// --- users and locations ---

/** With the sub-accounts the CRM limits a user to, which only an agency's view needs. */
export interface CrmUserRecord extends CrmUser {
  locationIds: LocationId[]
}

const user = z
  .object({
    id: userId,
    name: words,
    firstName: words,
    lastName: words,
    email: words,
    deleted: z.boolean().nullish().catch(undefined),
    roles: z
      .object({ type: z.string(), role: z.string(), locationIds: z.array(locationId).nullish().catch(undefined) })
      .nullish()
      .catch(undefined),
  })
  .transform((one): CrmUserRecord & { isDeleted: boolean } => ({
    id: one.id,
    name: given(one.name) ?? [one.firstName, one.lastName].filter(Boolean).join(' '),
    email: given(one.email),
    // Unknown words mean the least.
    role: one.roles?.role === 'admin' ? 'admin' : 'user',
    type: one.roles?.type === 'agency' ? 'agency' : 'account',
    locationIds: one.roles?.locationIds ?? [],
    isDeleted: one.deleted === true,
  }))

export const userAnswer = z.union([user, z.object({ user }).transform((body) => body.user)])
export const usersAnswer = z
  .object({ users: z.array(user) })
  .transform((body): CrmUserRecord[] => body.users.filter((one) => !one.isDeleted))

export const locationAnswer = z
  .object({ location: z.object({ name: words, timezone: words, country: words, companyId: optional(companyId) }) })
  .transform(({ location }) => ({
    name: location.name ?? '',
    timezone: given(location.timezone),
    country: given(location.country),
    companyId: given(location.companyId),
  }))

// --- what the CRM posts to us ---

const maxTextLength = 65_536

export const providerMessageBody = z
  .object({
    type: z.enum(['SMS', 'Custom']),
    locationId,
    contactId,
    messageId: crmMessageId,
    message: z.string().max(maxTextLength).nullish(),
    attachments: z.array(z.string().max(4096)).max(50).nullish(),
    phone: z.string().max(64).nullish(),
    userId: optional(userId),
    conversationId: optional(id),
    conversationProviderId: optional(id),
    fromNumber: words,
  })
  .transform((body): ProviderMessage => ({
    locationId: body.locationId,
    contactId: body.contactId,
    crmMessageId: body.messageId,
    text: body.message ?? '',
    attachments: body.attachments ?? [],
    phone: given(body.phone?.trim()),
    userId: given(body.userId),
    fromPhone: given(body.fromNumber?.trim()),
    providerId: given(body.conversationProviderId),
    conversationId: given(body.conversationId),
  }))

export interface SignedAppEvent {
  /** The CRM's id of this event; null when it sent none. */
  webhookId: string | null
  /** When the CRM says it happened. */
  at: Date | null
  event: AppEvent
}

const envelope = z.object({
  type: z.string().min(1).max(100),
  webhookId: optional(z.string().max(100)),
  timestamp: z.coerce.date().optional().catch(undefined),
})
const installation = z.object({ locationId: optional(locationId), companyId: optional(companyId) })
const changedContact = z.object({
  locationId,
  id: contactId,
  phone: words,
  tags: z.array(z.string()).nullish().catch(undefined),
  assignedTo: optional(userId),
  dnd: z.boolean().nullish().catch(undefined),
  dndSettings: z.record(z.string(), z.unknown()).nullish().catch(undefined),
})
const installationTypes: Record<string, 'install' | 'uninstall'> = { INSTALL: 'install', UNINSTALL: 'uninstall' }

export const appEventBody = envelope.loose().transform((body, context): SignedAppEvent => {
  const event = eventOf(body.type, body)
  if (!event) {
    context.addIssue('an event without the ids of its kind')
    return z.NEVER
  }
  return { webhookId: given(body.webhookId), at: body.timestamp ?? null, event }
})

function eventOf(type: string, body: unknown): AppEvent | null {
  const kind = installationTypes[type]
  if (kind) {
    const ids = installation.parse(body)
    const [location, company] = [given(ids.locationId), given(ids.companyId)]
    return location || company ? { type: kind, locationId: location, companyId: company } : null
  }
  if (!/^Contact(Create|Update|Delete|DndUpdate|TagUpdate)$/.test(type)) return { type: 'other', name: type }
  const changed = changedContact.safeParse(body)
  if (!changed.success) return null
  const { locationId, id: contactId } = changed.data
  if (type === 'ContactDelete') return { type: 'contact-deleted', locationId, contactId }
  const allows = allowsText(changed.data.dndSettings)
  // Without the settings per channel only a general prohibition is certain.
  const dnd = changed.data.dnd === true ? true : allows === null ? null : !allows
  const { phone, tags, assignedTo } = changed.data
  return {
    type: 'contact-changed',
    ...{ locationId, contactId, dnd },
    phone: given(phone),
    tags: tags ?? null,
    // These carry the whole contact, so nobody named means nobody assigned; of the others that is not certain.
    owner: assignedTo || /^Contact(Create|Update)$/.test(type) ? { userId: given(assignedTo) } : null,
  }
}

// --- user data of the iframe ---

export interface CrmIdentity {
  userId: UserId
  companyId: CompanyId
  name: string
  email: string
  role: 'admin' | 'user'
  type: 'agency' | 'account'
  isAgencyOwner: boolean
  /** The sub-account the page is open in; null in the agency's own view. */
  locationId: LocationId | null
}

/** Strict about every field that decides rights: a flipped bit elsewhere in an unauthenticated cipher must not pass. */
export const userData = z
  .object({
    userId,
    companyId,
    role: z.enum(['admin', 'user']),
    type: z.enum(['agency', 'location', 'account']),
    userName: z.string().max(200).nullish(),
    email: z.string().max(320).nullish(),
    isAgencyOwner: z.boolean().optional(),
    versionId: z.string().optional(),
    appStatus: z.string().optional(),
    whitelabelDetails: z.object({ domain: words, logoUrl: words }).nullish(),
    activeLocation: locationId.optional(),
  })
  .transform((data): CrmIdentity => ({
    userId: data.userId,
    companyId: data.companyId,
    name: data.userName ?? '',
    email: data.email ?? '',
    role: data.role,
    type: data.type === 'agency' ? 'agency' : 'account',
    isAgencyOwner: data.isAgencyOwner ?? false,
    locationId: data.activeLocation ?? null,
  }))
