import { conversationView, storeMessage } from './conversations'
import type { Crm } from './crm'
import { announceMessage, deliver } from './events'
import type { Contact, Message } from './nouns'

/** What a person or a workflow writes in the CRM. */
export interface Writing {
  contactId: string
  text: string
  attachments?: string[]
  /** A user's id; absent is the sub-account's first user. `workflow` and `bulk` have no user. */
  as?: string
  /** `own` is the app's channel, `sms` whatever the sub-account chose for SMS. */
  channel?: 'own' | 'sms'
  originalMessageId?: string
}

export class NotPossible extends Error {}

function contactOf(crm: Crm, id: string): Contact {
  const contact = crm.store.contacts.get(id)
  if (!contact) throw new NotPossible(`There is no contact ${id}.`)
  return contact
}

export function write(
  crm: Crm,
  { contactId, text, attachments = [], as, channel = 'own', originalMessageId }: Writing,
): Message {
  const contact = contactOf(crm, contactId)
  const location = crm.store.locations.get(contact.locationId)
  const isInstalled = crm.store.installs.get(contact.locationId) !== undefined
  const providerId = channel === 'own' ? crm.app.providerId : (location?.smsProviderId ?? '')
  const isOurs = providerId === crm.app.providerId || providerId === crm.app.smsProviderId
  if (isOurs && !isInstalled) throw new NotPossible('The app is not installed in this sub-account.')
  const isUser = as !== 'workflow' && as !== 'bulk'
  const message = storeMessage(crm, contact, {
    kind: channel,
    wireType: 'SMS',
    direction: 'outbound',
    status: isOurs ? 'pending' : 'delivered',
    body: text,
    attachments,
    source: isUser ? 'app' : as === 'workflow' ? 'workflow' : 'bulk_actions',
    userId: isUser ? (as ?? someUserOf(crm, contact.locationId)) : undefined,
    providerId,
    originalMessageId,
  })
  const { id: messageId, locationId, conversationId, source, userId } = message
  crm.record('composer-message', {
    locationId,
    contactId,
    conversationId,
    messageId,
    phone: contact.phone,
    text,
    attachments,
    source,
    userId,
    originalMessageId,
  })
  if (isOurs) deliver(crm, message)
  announceMessage(crm, message)
  return message
}

function someUserOf(crm: Crm, locationId: string): string | undefined {
  const users = crm.store.users.all().filter((user) => !user.deleted)
  const here = users.filter((user) => user.locationIds.includes(locationId))
  return (here.find((user) => user.type === 'account') ?? here[0] ?? users[0])?.id
}

/** A person's "retry" on a failed message makes a new one; only the data event tells which it repeats. */
export function retry(crm: Crm, messageId: string, as?: string): Message {
  const failed = crm.store.messages.get(messageId)
  if (!failed) throw new NotPossible(`There is no message ${messageId}.`)
  return write(crm, {
    contactId: failed.contactId,
    text: failed.body,
    attachments: failed.attachments,
    as: as ?? failed.userId,
    channel: failed.kind === 'sms' ? 'sms' : 'own',
    originalMessageId: failed.id,
  })
}

export interface ConversationShown {
  conversation: Record<string, unknown> | undefined
  messages: Message[]
}

export function showConversation(crm: Crm, contactId: string): ConversationShown {
  const contact = contactOf(crm, contactId)
  const conversation = crm.store.conversationOf(contact.id)
  if (!conversation) return { conversation: undefined, messages: [] }
  return { conversation: conversationView(crm, conversation), messages: crm.store.messagesOf(conversation.id) }
}
