import { createHash } from 'node:crypto'
import { jidDecode, jidEncode } from '@whiskeysockets/baileys'

export type Addressing = 'lid' | 'pn'

/** Someone on WhatsApp as the server knows them: the phone number and the private id of the same person. */
export interface Person {
  number: string
  lid: string
}

/** The private id is derived, so that a number keeps it whatever else is lost. */
export function lidOf(number: string): string {
  const digest = createHash('sha256').update(`lid:${number}`).digest()
  return String(200_000_000_000_000n + (digest.readBigUInt64BE() % 700_000_000_000_000n))
}

export function jidOf(person: Person, addressing: Addressing, device = 0): string {
  return addressing === 'lid'
    ? jidEncode(person.lid, 'lid', device || undefined)
    : jidEncode(person.number, 's.whatsapp.net', device || undefined)
}

export interface ParsedJid {
  user: string
  device: number
  addressing: Addressing
}

/** Undefined for groups, broadcasts, the server itself and anything that is no person. */
export function parseJid(jid: string | undefined): ParsedJid | undefined {
  const decoded = jidDecode(jid)
  if (!decoded?.user) return undefined
  if (decoded.server !== 'lid' && decoded.server !== 's.whatsapp.net') return undefined
  return { user: decoded.user, device: decoded.device ?? 0, addressing: decoded.server === 'lid' ? 'lid' : 'pn' }
}

/** Digits only, as people write numbers with spaces, dashes and a plus. */
export function digitsOf(number: string): string {
  return number.replace(/\D/g, '')
}

/** A well-known value: such a number is never on WhatsApp. */
export function isNeverOnWhatsApp(number: string): boolean {
  return number.endsWith('0000')
}
