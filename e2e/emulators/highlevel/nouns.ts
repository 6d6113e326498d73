/** The CRM's own nouns, in the CRM's words. Wire shapes are made from these at the border. */
export interface Company {
  id: string
  name: string
  whitelabel?: { domain: string; logoUrl: string }
}

export interface Location {
  id: string
  companyId: string
  name: string
  phone: string
  email: string
  country: string
  timezone: string
  /** False: the token endpoint answers "Location is not active". */
  active: boolean
  allowDuplicateContact: boolean
  /** Which provider is this sub-account's default for SMS. */
  smsProviderId: string
}

export interface User {
  id: string
  companyId: string
  firstName: string
  lastName: string
  email: string
  phone: string
  type: 'agency' | 'account'
  role: 'admin' | 'user'
  locationIds: string[]
  owner: boolean
  assignedDataOnly: boolean
  deleted: boolean
}

export interface DndSetting {
  status: 'active' | 'inactive' | 'permanent'
  message?: string
  code?: string
}

export interface Contact {
  id: string
  locationId: string
  firstName?: string
  lastName?: string
  email?: string
  phone?: string
  companyName?: string
  address1?: string
  city?: string
  state?: string
  country?: string
  postalCode?: string
  website?: string
  timezone?: string
  dateOfBirth?: string
  gender?: string
  source?: string
  assignedTo?: string
  dnd: boolean
  dndSettings: Record<string, DndSetting>
  inboundDndSettings?: Record<string, unknown>
  tags: string[]
  customFields: { id: string; value: string }[]
  dateAdded: string
  dateUpdated: string
}

export interface Conversation {
  id: string
  locationId: string
  contactId: string
  unreadCount: number
  starred: boolean
  dateAdded: string
  dateUpdated: string
  lastMessageDate: string
  lastMessageId?: string
}

export type MessageStatus = 'pending' | 'sent' | 'delivered' | 'read' | 'failed'

export interface Message {
  id: string
  locationId: string
  contactId: string
  conversationId: string
  kind: 'own' | 'sms' | 'comment' | 'other'
  /** The `type` the writer used, for kinds the emulator does not treat specially. */
  wireType: string
  direction: 'inbound' | 'outbound'
  status: MessageStatus
  body: string
  attachments: string[]
  source?: 'app' | 'workflow' | 'api' | 'bulk_actions'
  userId?: string
  providerId?: string
  altId?: string
  mentions?: string[]
  originalMessageId?: string
  error?: { code: string; type: string; message: string }
  dateAdded: string
  /** When this machine stored it, in epoch ms; the status race and the listing lag count from here. */
  storedAt: number
}

export interface Note {
  id: string
  contactId: string
  locationId: string
  body: string
  userId?: string
  title?: string
  dateAdded: string
}

export interface Tag {
  id: string
  locationId: string
  name: string
}

export interface Install {
  locationId: string
  companyId: string
  userId: string
  installedAt: string
  versionId: string
  bulk: boolean
}

export interface CompanyInstall {
  companyId: string
  userId: string
  installedAt: string
  future: boolean
  approveAll: boolean
  approvedLocations: string[]
}

export interface Grant {
  userType: 'Company' | 'Location'
  companyId: string
  locationId?: string
  userId: string
  scope: string
  bulk: boolean
}

export interface Code {
  code: string
  grant: Grant
  redirectUri?: string
  expiresAt: number
  used: boolean
  /** Locations whose INSTALL event waits for this code's exchange. */
  announces?: string[]
  announcesCompany?: boolean
}

export interface Token {
  value: string
  kind: 'access' | 'refresh'
  grant: Grant
  expiresAt: number
  dead: boolean
}

export interface Upload {
  id: string
  locationId: string
  name: string
  type: string
  /** Base64, so that the journal carries it. */
  data: string
}

export interface PendingWebhook {
  id: string
  destination: 'app' | 'delivery'
  event: string
  lane: string
  body: string
  locationId?: string
  messageId?: string
  attempts: number
  /** Epoch ms of the next attempt. */
  dueAt: number
  signature?: 'good' | 'wrong' | 'none' | 'N/A'
}
