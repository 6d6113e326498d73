import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { Actor } from '@/lib/bridge/context'
import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { isSameSecret } from '@/lib/seal'

export type User = Extract<Actor, { kind: 'user' }>

const lifeMs = 15 * 60_000

const text = z.string().max(400)
const claims = z.strictObject({
  userId: text.transform((value) => value as UserId),
  name: text,
  email: text,
  companyId: text.transform((value) => value as CompanyId),
  role: z.enum(['agency_admin', 'agency_user', 'location_admin', 'location_user']),
  locationId: text.transform((value) => value as LocationId).nullable(),
  locationIds: z.array(text.transform((value) => value as LocationId)).nullable(),
  expiresAt: z.number(),
})

/** What a person may be, as stored in a token, a browser session or a tab code. */
export function parseUser(given: unknown): User | null {
  const parsed = claims.omit({ expiresAt: true }).safeParse(given)
  return parsed.success ? { kind: 'user', ...parsed.data } : null
}

export function claimsOf({ kind: _kind, ...user }: User) {
  return user
}

/** Who the holder is, signed and good for fifteen minutes; a page keeps it in memory and sends it as Bearer. */
export function signEmbedToken(key: Buffer, user: User, now: Date): { token: string; expiresAt: Date } {
  const expiresAt = new Date(now.getTime() + lifeMs)
  const body = Buffer.from(JSON.stringify({ ...claimsOf(user), expiresAt: expiresAt.getTime() })).toString('base64url')
  return { token: `${body}.${macOf(key, body)}`, expiresAt }
}

/** Null when it is not ours, was changed, or is over. */
export function readEmbedToken(key: Buffer, token: string, now: Date): { user: User; expiresAt: Date } | null {
  const [body, mac, ...rest] = token.split('.')
  if (!body || !mac || rest.length > 0) return null
  if (!isSameSecret(mac, macOf(key, body))) return null
  const parsed = claims.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')))
  if (!parsed.success || parsed.data.expiresAt <= now.getTime()) return null
  const { expiresAt, ...user } = parsed.data
  return { user: { kind: 'user', ...user }, expiresAt: new Date(expiresAt) }
}

const macOf = (key: Buffer, body: string) => createHmac('sha256', key).update(body).digest('base64url')
