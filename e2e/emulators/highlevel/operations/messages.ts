import { ok, refuse, traced } from '../answer'
import { storeMessage, setStatus } from '../conversations'
import { announceMessage, deliver } from '../events'
import type { Contact, Message, MessageStatus } from '../nouns'
import { newUuid } from '../store'
import { type Call, contactFor, conversationFor, type Handler, str, strings } from './kinds'

/** Which of the app's providers a message belongs to; undefined where the CRM would silently store nothing. */
function providerOf({ crm, body, grant }: Call): { kind: Message['kind']; providerId: string } | undefined {
  const type = str(body.type)
  const providerId = str(body.conversationProviderId)
  const { app, settings } = crm
  if (!providerId) {
    const chosen = crm.store.locations.get(grant.locationId ?? '')?.smsProviderId
    return type === 'SMS' && chosen !== undefined && chosen === app.smsProviderId
      ? { kind: 'sms', providerId: chosen }
      : undefined
  }
  if (providerId !== app.providerId && providerId !== app.smsProviderId)
    throw settings.messages.badProviderStatus === 500
      ? refuse(500, 'Internal Server Error')
      : refuse(400, 'Invalid conversationProviderId')
  if (type !== 'SMS' && type !== 'Custom') throw refuse(400, 'Incorrect conversationProviderId/type')
  return { kind: providerId === app.providerId ? 'own' : 'sms', providerId }
}

function ownerOf(call: Call): Contact {
  const conversationId = str(call.body.conversationId)
  const contactId =
    str(call.body.contactId) ?? (conversationId ? conversationFor(call, conversationId).contactId : undefined)
  if (!contactId) throw refuse(422, ['conversationId should not be empty', 'contactId should not be empty'])
  return contactFor(call, contactId)
}

function recordPosted(call: Call, message: Message, via: 'inbound' | 'outbound' | 'send'): void {
  const { locationId, contactId, conversationId, direction, altId, body, attachments, kind } = message
  call.crm.record('message-posted', {
    via,
    kind,
    locationId,
    contactId,
    conversationId,
    messageId: message.id,
    direction,
    altId,
    text: body,
    attachments,
    date: str(call.body.date),
    phone: call.crm.store.contacts.get(contactId)?.phone,
  })
}

const inbound: Handler = (call) => {
  const { body } = call
  const isCall = body.type === 'Call'
  const provider = isCall ? { kind: 'other' as const, providerId: str(body.conversationProviderId) } : providerOf(call)
  if (!provider) {
    call.crm.record('message-swallowed', { locationId: call.grant.locationId, altId: str(body.altId) })
    return { status: 201, body: undefined }
  }
  const contact = ownerOf(call)
  const direction = body.direction === 'inbound' ? 'inbound' : 'outbound'
  const message = storeMessage(call.crm, contact, {
    kind: provider.kind,
    wireType: str(body.type) ?? 'SMS',
    direction,
    status: 'delivered',
    body: str(body.message) ?? '',
    attachments: strings(body.attachments),
    source: direction === 'outbound' ? 'api' : undefined,
    providerId: provider.providerId,
    altId: str(body.altId),
    dateAdded: str(body.date),
  })
  recordPosted(call, message, 'inbound')
  announceMessage(call.crm, message)
  return ok(asAnswer(message), 201)
}

/** A call made outside the CRM: a line in the conversation, which nobody is asked to deliver. */
const call: Handler = (call) => {
  const { crm, body } = call
  const contact = contactFor(call, conversationFor(call, str(body.conversationId) ?? '').contactId)
  const message = storeMessage(crm, contact, {
    kind: 'other',
    wireType: 'Call',
    direction: 'outbound',
    status: 'delivered',
    body: '',
    attachments: strings(body.attachments),
    source: 'api',
    providerId: str(body.conversationProviderId),
    altId: str(body.altId),
    dateAdded: str(body.date),
  })
  recordPosted(call, message, 'outbound')
  announceMessage(crm, message)
  return ok(asAnswer(message))
}

const asAnswer = ({ id, conversationId, contactId, dateAdded }: Message) => ({
  success: true,
  conversationId,
  messageId: id,
  message: 'Message queued successfully.',
  contactId,
  dateAdded,
})

/** For visitors of the CRM's own live chat, of whom there are none here. */
const typing: Handler = (call) => {
  conversationFor(call, str(call.body.conversationId) ?? '')
  return ok({ success: true }, 201)
}

const send: Handler = (call) => {
  const { body, crm } = call
  const contact = contactFor(call, str(body.contactId) ?? '')
  const isComment = body.type === 'InternalComment'
  const provider = isComment ? { kind: 'comment' as const, providerId: undefined } : providerOf(call)
  if (!provider) throw refuse(400, 'No conversationProviderId passed in body')
  const message = storeMessage(crm, contact, {
    kind: provider.kind,
    wireType: str(body.type) ?? 'SMS',
    direction: 'outbound',
    status: isComment ? 'delivered' : 'pending',
    body: str(body.message) ?? '',
    attachments: strings(body.attachments),
    source: 'api',
    userId: str(body.userId),
    providerId: provider.providerId,
    mentions: isComment ? strings(body.mentions) : undefined,
  })
  recordPosted(call, message, 'send')
  if (!isComment) deliver(crm, message)
  announceMessage(crm, message)
  return traced(
    { conversationId: message.conversationId, messageId: message.id, msg: 'Message queued successfully.' },
    201,
  )
}

const STATUSES: MessageStatus[] = ['delivered', 'failed', 'pending', 'read']

const status: Handler = (call) => {
  const { crm, body, grant } = call
  const message = crm.store.messages.get(call.params.messageId ?? '')
  if (!message || message.locationId !== grant.locationId)
    throw refuse(403, 'No conversation provider found for this message')
  const wanted = String(body.status) as MessageStatus
  if (!STATUSES.includes(wanted) && !(wanted === 'sent' && crm.settings.messages.acceptSent))
    throw refuse(422, [`status must be one of the following values: ${STATUSES.join(', ')}`])
  const isOurs = message.providerId === crm.app.providerId || message.providerId === crm.app.smsProviderId
  const isYoung = message.direction === 'outbound' && Date.now() - message.storedAt < crm.settings.messages.statusRaceMs
  if (!message.providerId || !isOurs || isYoung) {
    crm.record('status-refused', {
      messageId: message.id,
      locationId: message.locationId,
      status: wanted,
      early: isYoung,
    })
    throw refuse(403, 'No conversation provider found for this message')
  }
  setStatus(crm, message, wanted, body.error as Message['error'])
  return traced({ success: true })
}

const ACCEPTED =
  'jpg jpeg png gif svg heic ai mp4 mpeg 3gp mp3 wav wave aiff aif aifc gsm ulaw ogg aac m4a amr pdf doc docx txt csv xls xlsx ppt pptx odt zip rar vcf vcard ics'.split(
    ' ',
  )

const upload: Handler = (call) => {
  const { crm, files, body } = call
  if (str(body.conversationId)) conversationFor(call, str(body.conversationId) ?? '')
  else if (str(body.contactId)) contactFor(call, str(body.contactId) ?? '')
  else throw refuse(422, ['conversationId should not be empty'])
  if (files.length === 0) throw refuse(400, 'No file was found in fileAttachment')
  const tooMany = files.length > 5
  const isFailed = (code: 413 | 415) => ({
    status: code,
    body: { status: code, message: 'Failed to upload the files' },
  })
  if (tooMany || files.some((file) => file.data.length > crm.settings.messages.uploadMaxBytes)) return isFailed(413)
  const isKnown = (name: string) => ACCEPTED.includes(name.split('.').at(-1)?.toLowerCase() ?? '')
  if (!files.every((file) => isKnown(file.name))) return isFailed(415)
  const uploadedFiles: Record<string, string> = {}
  for (const file of files) {
    const id = newUuid()
    const locationId = call.grant.locationId ?? ''
    crm.store.uploads.put(id, { id, locationId, name: file.name, type: file.type, data: file.data.toString('base64') })
    uploadedFiles[file.name] = `${crm.url()}/uploads/${id}/${encodeURIComponent(file.name)}`
    crm.record('upload', { locationId, name: file.name, bytes: file.data.length })
  }
  return ok({ uploadedFiles })
}

export const messageOperations: Record<string, Handler> = {
  'post /conversations/messages': send,
  'post /conversations/messages/inbound': inbound,
  'post /conversations/messages/outbound': call,
  'post /conversations/messages/upload': upload,
  'put /conversations/messages/{messageId}/status': status,
  'post /conversations/providers/live-chat/typing': typing,
}
