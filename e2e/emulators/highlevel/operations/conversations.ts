import { ok, refuse, traced } from '../answer'
import { conversationView, ensureConversation, isListed, messageView } from '../conversations'
import { announce } from '../events'
import type { Conversation } from '../nouns'
import { type Call, contactFor, conversationFor, type Handler, messageFor, whole } from './kinds'

const search: Handler = ({ crm, query, grant }) => {
  const wanted = query.query?.toLowerCase()
  const chosen: Conversation[] = query.contactId
    ? [crm.store.conversationOf(query.contactId)].filter((one) => one !== undefined)
    : crm.store.conversations.all()
  const all = chosen
    .filter((one) => one.locationId === grant.locationId)
    .filter((one) => !query.id || one.id === query.id)
    .filter((one) => query.status !== 'unread' || one.unreadCount > 0)
    .filter((one) => query.status !== 'read' || one.unreadCount === 0)
    .filter((one) => query.status !== 'starred' || one.starred)
    .filter((one) => !query.startAfterDate || Date.parse(one.lastMessageDate) < Number(query.startAfterDate))
    .map((one) => conversationView(crm, one))
    .filter((one) => one !== undefined)
    .filter((one) => !wanted || `${one.fullName} ${one.phone} ${one.email}`.toLowerCase().includes(wanted))
    .filter((one) => !query.assignedTo || query.assignedTo.split(',').includes(String(one.assignedTo ?? 'unassigned')))
    .toSorted((a, b) => Number(b.lastMessageDate) - Number(a.lastMessageDate))
  if (query.sort === 'asc') all.reverse()
  return ok({ conversations: all.slice(0, whole(query.limit, 20)), total: all.length })
}

const create: Handler = (call) => {
  const contact = contactFor(call, String(call.body.contactId))
  const known = call.crm.store.conversationOf(contact.id)
  if (known) throw refuse(400, 'Conversation already exists', { conversationId: known.id })
  const { id, dateAdded, dateUpdated, contactId, locationId, lastMessageDate } = ensureConversation(call.crm, contact)
  const conversation = { id, dateUpdated, dateAdded, deleted: false, contactId, locationId, lastMessageDate }
  return ok({ success: true, conversation }, 201)
}

const get: Handler = (call) => {
  const { id, contactId, locationId, unreadCount, starred } = conversationFor(call, call.params.conversationId ?? '')
  const assignedTo = call.crm.store.contacts.get(contactId)?.assignedTo
  return ok({ id, contactId, locationId, deleted: false, inbox: true, type: 1, unreadCount, starred, assignedTo })
}

const update: Handler = (call) => {
  const before = conversationFor(call, call.params.conversationId ?? '')
  const { unreadCount, starred } = call.body
  const changed = call.crm.store.conversations.put(before.id, {
    ...before,
    unreadCount: typeof unreadCount === 'number' ? unreadCount : before.unreadCount,
    starred: typeof starred === 'boolean' ? starred : before.starred,
  })
  const { id, contactId, locationId } = changed
  const shown = {
    id,
    contactId,
    locationId,
    unreadCount: changed.unreadCount,
    starred: changed.starred,
    deleted: false,
  }
  announce(call.crm, 'ConversationUnreadUpdate', { ...shown, inbox: true }, { locationId, lane: id })
  return ok({ success: true, conversation: shown })
}

/** Newest first; `lastMessageId` continues after that message. */
const messages: Handler = (call) => {
  const { crm, query } = call
  const conversation = conversationFor(call, call.params.conversationId ?? '')
  const all = crm.store
    .messagesOf(conversation.id)
    .filter((one) => isListed(crm, one))
    .toReversed()
  const from = query.lastMessageId ? all.findIndex((one) => one.id === query.lastMessageId) + 1 : 0
  const limit = whole(query.limit, 20)
  const page = all.slice(from, from + limit)
  const list = {
    lastMessageId: page.at(-1)?.id ?? '',
    nextPage: from + limit < all.length,
    messages: page.map((one) => messageView(crm, one)),
  }
  return crm.settings.messages.shape === 'flat' ? ok(list) : traced({ messages: list })
}

const exportMessages: Handler = (call: Call) => {
  const { crm, query, grant } = call
  const inRange = (date: string): boolean =>
    (!query.startDate || date >= new Date(dateOf(query.startDate)).toISOString()) &&
    (!query.endDate || date <= new Date(dateOf(query.endDate)).toISOString())
  const chosen = query.conversationId
    ? crm.store.messagesOf(query.conversationId)
    : crm.store.messages.all().filter((one) => one.locationId === grant.locationId)
  const all = chosen
    .filter((one) => one.locationId === grant.locationId)
    .filter((one) => !query.contactId || one.contactId === query.contactId)
    .filter((one) => !query.channel || (query.channel === 'SMS' && one.kind !== 'comment'))
    .filter((one) => isListed(crm, one) && inRange(one.dateAdded))
    .toSorted((a, b) => a.storedAt - b.storedAt)
  if (query.sortOrder !== 'asc') all.reverse()
  const from = query.cursor ? all.findIndex((one) => one.id === query.cursor) + 1 : 0
  const limit = whole(query.limit, 100)
  const page = all.slice(from, from + limit)
  const nextCursor = from + limit < all.length ? (page.at(-1)?.id ?? null) : null
  return ok({ messages: page.map((one) => messageView(crm, one)), nextCursor, total: all.length })
}

/** Dates come as ISO text or as epoch milliseconds. */
const dateOf = (value: string): number | string => (/^\d+$/.test(value) ? Number(value) : value)

const one: Handler = (call) => {
  const { attachments, ...shown } = messageView(call.crm, messageFor(call, call.params.id ?? ''))
  return ok(call.crm.settings.messages.readShowsAttachments ? { ...shown, attachments } : shown)
}

export const conversationOperations: Record<string, Handler> = {
  'get /conversations/search': search,
  'post /conversations/': create,
  'get /conversations/{conversationId}': get,
  'put /conversations/{conversationId}': update,
  'get /conversations/{conversationId}/messages': messages,
  'get /conversations/messages/export': exportMessages,
  'get /conversations/messages/{id}': one,
}
