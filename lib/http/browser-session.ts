import { randomBytes } from 'node:crypto'
import { and, eq, gt, lt } from 'drizzle-orm'
import { browserSessions } from '@/db/schema/sub-accounts'
import { confirmUser, withLeastRights } from '@/lib/bridge/sub-account/recognise-user'
import { sha256 } from '@/lib/seal'
import { claimsOf, parseUser, type User } from './embed-token'
import type { Web } from './web'

/**
 * The session of a browser tab of its own: the cookie holds a random id, the database who it stands for. Only a top-level page
 * of ours uses it, so it is `lax`: no other site's form or frame can act with it.
 */
export const sessionCookie = '__Host-trunkline.session'
export const lifeSeconds = 8 * 3600
const idleMs = 30 * 60_000
/** Rights are asked for again this often, and without an answer fall to the least after the second. */
const checkEveryMs = 5 * 60_000
const trustMs = 30 * 60_000
/** A stream looks again who it is for. */
const streamMs = 15 * 60_000
const noteSeenEveryMs = 60_000

export const cookieOptions = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const

/** Opens a session; answers the id for the cookie, which is nowhere else. */
export async function openSession(web: Web, user: User): Promise<string> {
  const id = randomBytes(32).toString('base64url')
  const now = web.ctx.clock.now()
  await web.ctx.db.insert(browserSessions).values({
    ...{ idHash: sha256(id), actor: claimsOf(user) },
    ...{ signedInAt: now, seenAt: now, checkedAt: now, confirmedAt: now },
  })
  return id
}

export async function endSession(web: Web, id: string): Promise<void> {
  await web.ctx.db.delete(browserSessions).where(eq(browserSessions.idHash, sha256(id)))
}

/** The header that signs this browser in. */
export async function sessionSetCookie(web: Web, user: User): Promise<string> {
  const value = await openSession(web, user)
  return `${sessionCookie}=${value}; Path=/; Max-Age=${lifeSeconds}; Secure; HttpOnly; SameSite=Lax`
}

/** Whoever it stands for, and until when; null once it was ended, left alone for half an hour or is eight hours old. */
export async function findSession(web: Web, id: string) {
  const now = web.ctx.clock.now().getTime()
  const [row] = await web.ctx.db
    .select()
    .from(browserSessions)
    .where(
      and(
        eq(browserSessions.idHash, sha256(id)),
        gt(browserSessions.signedInAt, new Date(now - lifeSeconds * 1000)),
        gt(browserSessions.seenAt, new Date(now - idleMs)),
      ),
    )
  const user = row && parseUser(row.actor)
  return row && user ? { ...row, user } : null
}

export async function readSession(web: Web, request: Request): Promise<{ user: User; expiresAt: Date } | null> {
  const id = cookieOf(request, sessionCookie)
  const found = id && (await findSession(web, id))
  if (!found) return null
  const now = web.ctx.clock.now().getTime()
  const { idHash, signedInAt } = found
  const isRow = eq(browserSessions.idHash, idHash)
  // A page nobody looks at keeps its stream open.
  const isStream = request.headers.get('accept') === 'text/event-stream'
  if (!isStream && now - found.seenAt.getTime() > noteSeenEveryMs)
    await web.ctx.db
      .update(browserSessions)
      .set({ seenAt: new Date(now) })
      .where(isRow)
  const user = now - found.checkedAt.getTime() > checkEveryMs ? await checkAgain(web, found) : found.user
  if (!user) return null
  const ends = signedInAt.getTime() + lifeSeconds * 1000
  return { user, expiresAt: new Date(isStream ? Math.min(ends, now + streamMs) : ends) }
}

type Found = NonNullable<Awaited<ReturnType<typeof findSession>>>

/** Of several requests at a time one asks the CRM, and the others go on as before. */
async function checkAgain(web: Web, { idHash, confirmedAt, user }: Found): Promise<User | null> {
  const { ctx } = web
  const now = ctx.clock.now()
  const isRow = eq(browserSessions.idHash, idHash)
  const isTaken = await ctx.db
    .update(browserSessions)
    .set({ checkedAt: now })
    .where(and(isRow, lt(browserSessions.checkedAt, new Date(now.getTime() - checkEveryMs))))
    .returning({ idHash: browserSessions.idHash })
  if (isTaken.length === 0) return user
  const type = user.role === 'agency_admin' || user.role === 'agency_user' ? 'agency' : 'account'
  const confirmed = await confirmUser(ctx, { ...user, type })
  if (confirmed === 'gone') {
    await ctx.db.delete(browserSessions).where(isRow)
    return null
  }
  if (confirmed === 'unanswered' && now.getTime() - confirmedAt.getTime() < trustMs) return user
  const next = confirmed === 'unanswered' ? withLeastRights(user) : confirmed
  await ctx.db
    .update(browserSessions)
    .set({ actor: claimsOf(next), ...(confirmed === 'unanswered' ? {} : { confirmedAt: now }) })
    .where(isRow)
  return next
}

export const cookieOf = (request: Request, name: string) => cookieIn(request.headers.get('cookie') ?? '', name)

export function cookieIn(header: string, name: string): string | null {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return null
}
