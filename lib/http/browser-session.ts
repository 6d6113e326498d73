import { decode, encode } from 'next-auth/jwt'
import { z } from 'zod'
import { claimsOf, parseUser, type User } from './embed-token'
import type { Web } from './web'

/**
 * The session of a browser tab of its own, kept by next-auth in an encrypted cookie. Only a top-level page of ours uses it,
 * so it is `lax`: no other site's form or frame can act with it.
 */
export const sessionCookie = '__Host-trunkline.session'
export const lifeSeconds = 8 * 3600

export const cookieOptions = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const

const contents = z.object({ user: z.unknown(), signedInAt: z.number() })

export function sessionContents(user: User, now: Date) {
  return { user: claimsOf(user), signedInAt: now.getTime() }
}

/** The header that signs this browser in. */
export async function sessionSetCookie(web: Web, user: User): Promise<string> {
  const token = sessionContents(user, web.ctx.clock.now())
  const value = await encode({ token, secret: web.keys.nextAuth, maxAge: lifeSeconds })
  return `${sessionCookie}=${value}; Path=/; Max-Age=${lifeSeconds}; Secure; HttpOnly; SameSite=Lax`
}

/** However often next-auth renews the cookie, a session ends eight hours after it began. */
export async function readSession(web: Web, request: Request): Promise<{ user: User; expiresAt: Date } | null> {
  const value = cookieOf(request, sessionCookie)
  if (!value) return null
  const token = await decode({ token: value, secret: web.keys.nextAuth }).catch(() => null)
  const parsed = contents.safeParse(token)
  const user = parsed.success ? parseUser(parsed.data.user) : null
  if (!parsed.success || !user) return null
  const expiresAt = new Date(parsed.data.signedInAt + lifeSeconds * 1000)
  return expiresAt > web.ctx.clock.now() ? { user, expiresAt } : null
}

export function cookieOf(request: Request, name: string): string | null {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return null
}
