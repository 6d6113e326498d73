import { nameOf } from './contacts'
import type { Crm } from './crm'
import { messageType } from './events'
import type { Contact, Conversation, Message, MessageStatus } from './nouns'
import { newId } from './store'

/** One conversation per contact; messages in the order they were stored. */
export function ensureConversation(crm: Crm, contact: Contact): Conversation {
  const known = crm.store.conversationOf(contact.id)
  if (known) return known
  const now = new Date().toISOString()
  const conversation: Conversation = {
    id: newId(),
    locationId: contact.locationId,
    contactId: contact.id,
    unreadCount: 0,
    starred: false,
    dateAdded: now,
    dateUpdated: now,
    lastMessageDate: now,
  }
  return crm.store.conversations.put(conversation.id, conversation)
}

export type NewMessage = Omit<
  Message,
  'id' | 'storedAt' | 'dateAdded' | 'conversationId' | 'locationId' | 'contactId'
> & {
  dateAdded?: string
}

export function storeMessage(crm: Crm, contact: Contact, fields: NewMessage): Message {
  const conversation = ensureConversation(crm, contact)
  const message: Message = {
    ...fields,
    id: newId(),
    locationId: contact.locationId,
    contactId: contact.id,
    conversationId: conversation.id,
    dateAdded: fields.dateAdded ?? new Date().toISOString(),
    storedAt: Date.now(),
  }
  crm.store.messages.put(message.id, message)
  crm.store.conversations.put(conversation.id, {
    ...conversation,
    lastMessageId: message.id,
    lastMessageDate: message.dateAdded,
    dateUpdated: new Date().toISOString(),
    unreadCount: message.direction === 'inbound' ? conversation.unreadCount + 1 : conversation.unreadCount,
  })
  return message
}

export function setStatus(crm: Crm, message: Message, status: MessageStatus, error?: Message['error']): Message {
  const { id: messageId, locationId, contactId, conversationId, status: previous } = message
  crm.record('status', { messageId, locationId, contactId, conversationId, status, previous, error })
  return crm.store.messages.put(message.id, { ...message, status, error: status === 'failed' ? error : undefined })
}

/** What listings and reads show of a message, given how well the CRM is told to remember `altId`. */
export function messageView(crm: Crm, message: Message): Record<string, unknown> {
  const { altId, altIdDelayMs } = crm.settings.messages
  const isShown = altId === 'returned' || (altId === 'eventual' && Date.now() - message.storedAt >= altIdDelayMs)
  const { id, word } = messageType(message)
  return {
    id: message.id,
    type: id,
    messageType: word,
    locationId: message.locationId,
    contactId: message.contactId,
    conversationId: message.conversationId,
    dateAdded: message.dateAdded,
    body: message.body,
    direction: message.direction,
    status: message.status,
    contentType: 'text/plain',
    attachments: message.attachments,
    conversationProviderId: message.providerId,
    userId: message.userId,
    source: message.source,
    altId: isShown ? message.altId : undefined,
  }
}

export const isListed = (crm: Crm, message: Message): boolean =>
  Date.now() - message.storedAt >= crm.settings.messages.listLagMs || message.source === 'app'

/** A conversation as search shows it; undefined while it holds no message. */
export function conversationView(crm: Crm, conversation: Conversation): Record<string, unknown> | undefined {
  const contact = crm.store.contacts.get(conversation.contactId)
  if (!contact) return undefined
  const last = conversation.lastMessageId ? crm.store.messages.get(conversation.lastMessageId) : undefined
  return {
    id: conversation.id,
    contactId: contact.id,
    locationId: contact.locationId,
    lastMessageBody: last?.body ?? '',
    lastMessageType: last ? messageType(last).word : 'TYPE_SMS',
    lastMessageDate: new Date(conversation.lastMessageDate).getTime(),
    type: 'TYPE_PHONE',
    unreadCount: conversation.unreadCount,
    fullName: nameOf(contact),
    contactName: nameOf(contact),
    email: contact.email ?? '',
    phone: contact.phone ?? '',
    assignedTo: contact.assignedTo,
  }
}
