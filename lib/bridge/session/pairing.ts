/** What a person must scan or type now: one short-lived row per session, sealed, gone on scan, expiry or cancel. */
import { eq } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { pairings } from '@/db/schema/sessions'
import type { Place } from '@/db/vault'
import type { LocationId, SessionId } from '@/lib/ids'

export function pairingPlace(locationId: LocationId, sessionId: SessionId): Place {
  return { tenant: locationId, table: 'pairings', column: 'text_sealed', row: sessionId }
}

export async function dropPairing(tx: Queryable, sessionId: SessionId): Promise<void> {
  await tx.delete(pairings).where(eq(pairings.sessionId, sessionId))
}

/** Digits of a phone number as people write it, country code first; null when it cannot be one. */
export function parsePairingPhone(text: string): string | null {
  const digits = text.replace(/[\s().+-]/g, '')
  return /^[1-9]\d{5,14}$/.test(digits) ? digits : null
}

/** `QR` is not a status, so a second reader (a page after a restart, another tab) sees the same text until it expires. */
export interface QrView {
  sessionId: string
  qr: string
  expiresAt: string
}

export interface PairingCodeView {
  code: string
  expiresAt: string
}
