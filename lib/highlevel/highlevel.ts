/**
 * The left bank as the middle sees it. `client.ts` implements it over HighLevel's HTTP API and is the only place, with
 * `oauth.ts`, `sso.ts`, `webhook.ts` and `schemas.ts`, that knows HighLevel's shapes.
 */
import type { CompanyId, ContactId, CrmMessageId, LocationId, UserId } from '@/lib/ids'

export interface HighLevel {
  forSubAccount(locationId: LocationId): SubAccountApi
}

/** Every method throws CrmError. Requests are paced within the sub-account's budget, so a call may wait. */
export interface SubAccountApi {
  /** The contact with this phone (E.164), or null. */
  findContactByPhone(phone: string): Promise<CrmContact | null>
  /** The contact made with this source, or null; also where the CRM cannot look for it. It may lag behind by some seconds. */
  findContactBySource(source: string): Promise<CrmContact | null>
  getContact(contactId: ContactId): Promise<CrmContact>
  /**
   * Creates a contact; when the CRM answers that it already has one, returns that one. Without a phone nothing tells it that,
   * and a lost answer is an unknown outcome.
   */
  createContact(input: {
    name: string
    phone: string | null
    source: string
    tags?: string[]
    assignedTo?: UserId | null
  }): Promise<CrmContact>
  /** Gives the contact its number; returns the one that has it instead, if the CRM names one. */
  setContactPhone(contactId: ContactId, has: { phone: string; source: string }): Promise<CrmContact | null>
  renameContact(contactId: ContactId, name: string): Promise<void>
  /** All contacts, a page at a time; null after the last. What changes meanwhile may be missed. */
  listContacts(after: ContactPageMark | null): Promise<{ contacts: CrmContact[]; next: ContactPageMark | null }>
  /** Contacts whose name or number has these words. */
  searchContacts(query: string, limit: number): Promise<CrmContact[]>
  /** Gives the contact to a user. */
  assignContact(contactId: ContactId, userId: UserId): Promise<void>
  /** Leaves words for the team in the contact's conversation; the contact never sees them. */
  addNote(contactId: ContactId, text: string): Promise<void>
  /**
   * Whether such words are among the newest of the conversation, and the newest of those that begin with `among`: after an
   * unknown outcome.
   */
  hasNote(contactId: ContactId, text: string, among?: string): Promise<boolean>
  addTags(contactId: ContactId, tags: string[]): Promise<void>
  removeTags(contactId: ContactId, tags: string[]): Promise<void>
  /** Adds a message to the contact's conversation. Success is an id; anything else throws. */
  addMessage(input: NewCrmMessage): Promise<{ crmMessageId: CrmMessageId; conversationId: string }>
  /** The id of the message that carries our outside id, looked for among the newest of the conversation; null if it is not there. */
  findMessage(input: {
    contactId: ContactId
    outsideId: string
    direction: 'inbound' | 'outbound'
    at: Date
    text: string
  }): Promise<CrmMessageId | null>
  getMessage(crmMessageId: CrmMessageId): Promise<CrmMessage>
  /** What is to be delivered by us and has had no status yet, written since then, oldest first. */
  listWaiting(since: Date): Promise<WaitingMessage[]>
  setMessageStatus(
    crmMessageId: CrmMessageId,
    status: 'delivered' | 'read' | 'failed',
    failure?: { code: string; message: string },
  ): Promise<void>
  listUsers(): Promise<CrmUser[]>
  getLocation(): Promise<{ name: string; timezone: string | null; country: string | null }>
}

/** Where a page of contacts ended. */
export type ContactPageMark = { page: number } | { after: unknown[] }

export interface CrmContact {
  id: ContactId
  name: string | null
  /** As the CRM has it, E.164 where it normalised. */
  phone: string | null
  /** Where the CRM was told it came from. */
  source?: string | null
  tags: string[]
  assignedTo: UserId | null
  /** Whether the CRM forbids this kind of message to this contact. */
  dnd: boolean
  /** When something last happened with it, as far as the CRM says. */
  activeAt?: Date | null
}

export interface NewCrmMessage {
  contactId: ContactId
  direction: 'inbound' | 'outbound'
  text: string
  attachments?: string[]
  /** Our id for it: what `findMessage` looks for after an unknown outcome. */
  outsideId: string
  at: Date
}

export interface CrmMessage {
  id: CrmMessageId
  locationId: LocationId
  contactId: ContactId
  direction: 'inbound' | 'outbound'
  text: string
  /** Written on a channel of ours, or on one the CRM does not name; false when it went by another provider. */
  isOurs: boolean
}

/** As the provider webhook would have told it, but for the number. */
export type WaitingMessage = Omit<ProviderMessage, 'locationId' | 'phone'> & { at: Date }

export interface CrmUser {
  id: UserId
  name: string
  email: string | null
  role: 'admin' | 'user'
  type: 'agency' | 'account'
}

/** A message the CRM hands us to deliver, reshaped from the provider webhook. */
export interface ProviderMessage {
  locationId: LocationId
  contactId: ContactId
  crmMessageId: CrmMessageId
  /** As written, codes included; may be empty with attachments. */
  text: string
  attachments: string[]
  /** As the CRM sent it; null when it sent none. */
  phone: string | null
  /** The signed-in sender; null for workflows, bots and the API. */
  userId: UserId | null
  /** The number it is to leave from, where the CRM names one. */
  fromPhone?: string | null
  providerId: string | null
  conversationId: string | null
}

/** What an event tells of a contact, all of them as they were at that moment; null: it does not say. */
export interface ContactChange {
  type: 'contact-changed'
  locationId: LocationId
  contactId: ContactId
  dnd: boolean | null
  phone: string | null
  tags: string[] | null
  owner: { userId: UserId | null } | null
}

/** An event of the app webhook, reshaped. Events we do not know are `other`. */
export type AppEvent =
  | { type: 'install'; locationId: LocationId | null; companyId: CompanyId | null }
  | { type: 'uninstall'; locationId: LocationId | null; companyId: CompanyId | null }
  | ContactChange
  | { type: 'contact-deleted'; locationId: LocationId; contactId: ContactId }
  | { type: 'other'; name: string }

/**
 * What a failed call means for the caller:
 * `try_later` (429, 5xx, network: `retryAfterMs` where told), `unknown` (the request may have been applied),
 * `not_yet` (a status for a message the CRM does not know yet), `refused` (400, 404, 422: trying again cannot help),
 * `unauthorised` (the sub-account must be connected again), `suspended` (location not active).
 */
export type CrmErrorKind = 'try_later' | 'unknown' | 'not_yet' | 'refused' | 'unauthorised' | 'suspended'

export class CrmError extends Error {
  readonly kind: CrmErrorKind
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  /** The CRM failed at this and answers otherwise, so it counts against what was asked. */
  isCounted = false
  constructor(
    kind: CrmErrorKind,
    message: string,
    options: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'CrmError'
    this.kind = kind
    this.status = options.status
    this.retryAfterMs = options.retryAfterMs
  }
}

/** What the CRM does not have is null; for every other trouble it may be asked again. */
export async function orNull<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof CrmError && error.kind === 'refused') return null
    throw error
  }
}

/** Where access tokens come from; the sub-account's token store implements it under a row lock. */
export interface TokenSource {
  /** A token good for at least a minute. */
  accessToken(locationId: LocationId): Promise<string>
  /** The CRM refused this token: returns another one, refreshed once across all processes. */
  replace(locationId: LocationId, refused: string): Promise<string>
}

/** So many requests in any span, and so many a day, of which some are left until they begin anew. */
export interface CrmLimits {
  most?: number | undefined
  withinMs?: number | undefined
  daily?: number | undefined
  dailyLeft?: number | undefined
  resetMs?: number | undefined
}

/** What may be asked of the CRM for a sub-account, and when; shared by all processes. */
export interface RequestBudget {
  /** Spends one request of the allowance; resolves when it may leave. `isFailing`: the CRM was found to fail, and this finds out whether it still does. */
  take(locationId: LocationId): Promise<{ isFailing: boolean }>
  /** What an answer says of the allowance, which may differ from what is documented. */
  announced(locationId: LocationId, limits: CrmLimits): Promise<void>
  /** The CRM said the allowance is used up, whatever we counted. */
  exhausted(locationId: LocationId, forMs: number): Promise<void>
  /** The CRM fails this sub-account: nothing is asked for a while, longer the longer it has lasted. */
  failing(locationId: LocationId): Promise<void>
  /** It does as asked again. */
  recovered(locationId: LocationId): Promise<void>
}
