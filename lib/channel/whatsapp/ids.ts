import type { Person } from '@/lib/channel/channel'
import type { Address } from '@/lib/ids'
import { sha256 } from '@/lib/seal'

/**
 * WhatsApp knows a person by number (`<digits>@s.whatsapp.net`) and by a private id (`<digits>@lid`). An Address of this
 * channel is one of the two, without device; where both are known the private one comes first, because sessions and
 * identity keys are kept under it.
 */
const addressForm = /^(\d{1,20})(?::\d{1,3})?@(s\.whatsapp\.net|lid|c\.us|hosted|hosted\.lid)$/

const servers: Record<string, 's.whatsapp.net' | 'lid'> = {
  's.whatsapp.net': 's.whatsapp.net',
  'c.us': 's.whatsapp.net',
  hosted: 's.whatsapp.net',
  lid: 'lid',
  'hosted.lid': 'lid',
}

/** The person an id on the wire names, without device; null for groups, broadcasts, channels, bots and nonsense. */
export function parseAddress(jid: string | null | undefined): Address | null {
  const match = jid ? addressForm.exec(jid) : null
  if (!match) return null
  return `${match[1]}@${servers[match[2]!]}` as Address
}

export const isLid = (address: Address): boolean => address.endsWith('@lid')

export const userOf = (address: string): string => address.slice(0, address.search(/[:@]/))

export const formatPn = (user: string): Address => `${user}@s.whatsapp.net` as Address
export const formatLid = (user: string): Address => `${user}@lid` as Address

/** E.164 of a number address; null for a private id. */
export function phoneOf(address: Address): string | null {
  return isLid(address) ? null : `+${userOf(address)}`
}

export const digitsOf = (phone: string): string => phone.replace(/\D/g, '')

/** What the key store knows of who is who. Both answers are without device. */
export interface Directory {
  lidOf(pnUser: string): string | null
  pnOf(lidUser: string): string | null
}

/** One person out of every id a stanza named for them and what the directory adds. */
export function personOf(
  jids: readonly (string | null | undefined)[],
  name: string | null | undefined,
  directory: Directory,
): Person | null {
  let pn: Address | null = null
  let lid: Address | null = null
  for (const jid of jids) {
    const address = parseAddress(jid)
    if (!address) continue
    if (isLid(address)) lid ??= address
    else pn ??= address
  }
  if (!lid && pn) {
    const user = directory.lidOf(userOf(pn))
    if (user) lid = formatLid(user)
  } else if (lid && !pn) {
    const user = directory.pnOf(userOf(lid))
    if (user) pn = formatPn(user)
  }
  const address = lid ?? pn
  if (!address) return null
  return {
    address,
    aliases: [lid, pn].filter((alias) => alias !== null),
    phone: pn ? phoneOf(pn) : null,
    name: cleanName(name, 100),
  }
}

// Control characters, and the marks that turn the direction of text around: a name must not rewrite its surroundings.
const unsafeInNames = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu
// A body may hold line breaks, tabs and direction marks (Arabic and Hebrew need them), but nothing PostgreSQL refuses.
const unsafeInBodies = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g

export function cleanName(text: string | null | undefined, limit: number): string | null {
  if (!text) return null
  const clean = text.toWellFormed().replace(unsafeInNames, ' ').replace(/\s+/g, ' ').trim()
  return clean === '' ? null : clip(clean, limit)
}

export function cleanBody(text: string, limit = 65_536): string {
  return clip(text.toWellFormed().replace(unsafeInBodies, ''), limit)
}

/** Cuts by UTF-16 length, never through a surrogate pair. */
export function clip(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '')
}

export const sha256Hex = (data: Uint8Array | string): string => sha256(data).toString('hex')
