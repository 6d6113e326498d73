import type { Answer } from '../answer'
import { notThisLocation, refuse } from '../answer'
import type { Crm } from '../crm'
import type { Contact, Conversation, Grant, Message } from '../nouns'

/** One request after every check that needs no knowledge of the operation. */
export interface Call {
  crm: Crm
  params: Record<string, string>
  query: Record<string, string>
  /** Parsed JSON or form fields; files of a multipart body are in `files`. */
  body: Record<string, unknown>
  files: { field: string; name: string; type: string; data: Buffer }[]
  /** Absent only on the token endpoints. */
  grant: Grant
}

export type Handler = (call: Call) => Answer | Promise<Answer>

export const str = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
export const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
export const whole = (value: unknown, otherwise: number): number => {
  const number = Number(value)
  return Number.isFinite(number) && value !== undefined && value !== '' ? Math.trunc(number) : otherwise
}

export function contactFor({ crm, grant }: Call, id: string): Contact {
  const contact = crm.store.contacts.get(id)
  if (!contact) throw refuse(400, `Contact with id ${id} not found`)
  if (contact.locationId !== grant.locationId) throw notThisLocation()
  return contact
}

export function conversationFor({ crm, grant }: Call, id: string): Conversation {
  const conversation = crm.store.conversations.get(id)
  if (!conversation) throw refuse(400, `Conversation with id ${id} not found`)
  if (conversation.locationId !== grant.locationId) throw notThisLocation()
  return conversation
}

export function messageFor({ crm, grant }: Call, id: string): Message {
  const message = crm.store.messages.get(id)
  if (!message) throw refuse(400, `Message with id ${id} not found`)
  if (message.locationId !== grant.locationId) throw notThisLocation()
  return message
}
