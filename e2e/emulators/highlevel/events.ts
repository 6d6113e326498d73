import type { Crm } from './crm'
import type { Contact, Message, User } from './nouns'
import { newUuid } from './store'

/** Webhook bodies, in the shapes the CRM was seen to send. */
const TYPES: Record<Message['kind'], { id: number; word: string }> = {
  own: { id: 22, word: 'TYPE_CUSTOM_PROVIDER_SMS' },
  sms: { id: 2, word: 'TYPE_SMS' },
  comment: { id: 37, word: 'TYPE_INTERNAL_COMMENT' },
  other: { id: 20, word: 'TYPE_CUSTOM_SMS' },
}

export const messageType = (message: Message): { id: number; word: string } => TYPES[message.kind]

interface About {
  locationId?: string
  companyId?: string
  messageId?: string
  lane?: string
}

function isInstalled(crm: Crm, { locationId, companyId }: About): boolean {
  if (locationId) return crm.store.installs.get(locationId) !== undefined
  if (!companyId) return false
  return crm.store.installs.all().some((one) => one.companyId === companyId)
}

/** Sends one event to the app's webhook URL: lifecycle always, data if subscribed and the app is installed there. */
export function announce(crm: Crm, type: string, fields: Record<string, unknown>, about: About = {}): void {
  const isLifecycle = type === type.toUpperCase()
  if (!isLifecycle && !(crm.app.events.includes(type) && isInstalled(crm, about))) return
  const webhookId = newUuid()
  const body = {
    type,
    ...fields,
    timestamp: new Date().toISOString(),
    webhookId,
    appId: crm.app.id,
    versionId: crm.app.versionId,
  }
  crm.webhooks.send({
    id: webhookId,
    destination: 'app',
    event: type,
    lane: about.lane ?? about.locationId ?? 'app',
    body: JSON.stringify(body),
    locationId: about.locationId,
    messageId: about.messageId,
  })
}

export function announceContact(crm: Crm, type: string, contact: Contact): void {
  const { dndSettings, customFields, locationId, ...rest } = contact
  const {
    dateUpdated: _dateUpdated,
    inboundDndSettings: _inbound,
    gender: _gender,
    timezone: _timezone,
    ...known
  } = rest
  const name = [contact.firstName, contact.lastName].filter(Boolean).join(' ')
  announce(
    crm,
    type,
    {
      locationId,
      ...known,
      name,
      attachments: [],
      customFields,
      ...(type === 'ContactDndUpdate' ? { dndSettings } : {}),
    },
    { locationId, lane: contact.id },
  )
}

export function announceMessage(crm: Crm, message: Message): void {
  const contact = crm.store.contacts.get(message.contactId)
  const location = crm.store.locations.get(message.locationId)
  const { id, word } = messageType(message)
  const isOutbound = message.direction === 'outbound'
  const words: Record<Message['kind'], string> = {
    own: 'Custom',
    sms: 'SMS',
    comment: 'InternalComment',
    other: 'Custom',
  }
  const [from, to] = isOutbound ? [location?.phone, contact?.phone] : [contact?.phone, location?.phone]
  announce(
    crm,
    isOutbound ? 'OutboundMessage' : 'InboundMessage',
    {
      locationId: message.locationId,
      attachments: message.attachments,
      body: message.body,
      contactId: message.contactId,
      contentType: 'text/plain',
      conversationId: message.conversationId,
      dateAdded: message.dateAdded,
      direction: message.direction,
      messageType: words[message.kind],
      source: isOutbound ? message.source : undefined,
      status: message.status,
      messageId: message.id,
      originalMessageId: message.originalMessageId,
      userId: message.userId,
      mentions: message.mentions,
      conversationProviderId: message.providerId,
      ...(message.kind === 'sms' ? { from, to } : {}),
      messageTypeId: id,
      messageTypeString: word,
    },
    { locationId: message.locationId, messageId: message.id, lane: message.conversationId },
  )
}

export function announceUser(crm: Crm, type: string, user: User): void {
  const place =
    user.type === 'agency'
      ? { companyId: user.companyId, locations: user.locationIds }
      : { locationId: user.locationIds[0] }
  const fields = {
    ...place,
    id: user.id,
    firstName: user.firstName,
    lastName: user.lastName,
    email: user.email,
    phone: user.phone,
    extension: '',
    role: user.role,
    permissions: permissionsOf(user),
  }
  announce(crm, type, fields, { companyId: user.companyId, lane: user.id })
}

export const permissionsOf = (user: User) => ({
  conversationsEnabled: true,
  contactsEnabled: true,
  assignedDataOnly: user.assignedDataOnly,
  settingsEnabled: user.role === 'admin',
  tagsEnabled: true,
  workflowsEnabled: true,
})

/** The Delivery URL's own shape: no envelope, no id but the message's. */
export function deliver(crm: Crm, message: Message): void {
  const contact = crm.store.contacts.get(message.contactId)
  const extras = crm.settings.messages.deliveryExtras
    ? { conversationId: message.conversationId, conversationProviderId: message.providerId }
    : {}
  const body = {
    contactId: message.contactId,
    locationId: message.locationId,
    messageId: message.id,
    ...extras,
    type: message.kind === 'sms' ? 'SMS' : crm.settings.messages.deliveryType,
    phone: contact?.phone,
    message: message.body,
    attachments: message.attachments,
    userId: message.source === 'app' ? message.userId : undefined,
  }
  crm.webhooks.send({
    id: newUuid(),
    destination: 'delivery',
    event: 'ProviderOutboundMessage',
    lane: message.conversationId,
    body: JSON.stringify(body),
    locationId: message.locationId,
    messageId: message.id,
  })
}
