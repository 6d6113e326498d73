import { randomBytes, randomUUID } from 'node:crypto'

declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

/** HighLevel's id of a sub-account. */
export type LocationId = Id<'Location'>
/** HighLevel's id of an agency. */
export type CompanyId = Id<'Company'>
/** HighLevel's id of a user. */
export type UserId = Id<'User'>
/** HighLevel's id of a contact. */
export type ContactId = Id<'Contact'>
/** HighLevel's id of a message. */
export type CrmMessageId = Id<'CrmMessage'>

export type SessionId = Id<'Session'>
export type ChatId = Id<'Chat'>
/** Our own row of a person in a sub-account. */
export type PersonId = Id<'Person'>
export type MessageId = Id<'Message'>
export type PartId = Id<'Part'>
export type DeliveryId = Id<'Delivery'>
export type AlertId = Id<'Alert'>
export type MailId = Id<'Mail'>

/** A person as the channel names them: made and parsed by that channel only. */
export type Address = Id<'Address'>
/** A message as the channel names it: made and parsed by that channel only. */
export type RemoteId = Id<'Remote'>

/** An id nobody can guess or order: for what outsiders address, such as sessions. */
export function opaqueId<T extends Id<string>>(): T {
  return randomUUID() as string as T
}

let lastMs = 0
let counter = 0

/**
 * A UUIDv7 whose order is the order of making within this process: 48 bits of time, a 12-bit counter, 62 random bits.
 * Rows of one transaction share their timestamps, so their ids must carry the order.
 */
export function orderedId<T extends Id<string>>(): T {
  const now = Date.now()
  if (now > lastMs) {
    lastMs = now
    counter = 0
  } else if (++counter > 0xfff) {
    lastMs += 1
    counter = 0
  }
  const time = lastMs.toString(16).padStart(12, '0')
  const random = randomBytes(8)
  random[0] = (random[0]! & 0x3f) | 0x80
  const tail = random.toString('hex')
  const text = `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`
  return text as T
}
