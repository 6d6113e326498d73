import { isInstalled } from '@/lib/bridge/sub-account/recognise-user'
import { BridgeError } from '@/lib/errors'
import { readSession } from './browser-session'
import { readEmbedToken, type User } from './embed-token'
import type { Web } from './web'

export interface Identified {
  actor: User
  /** When whatever proved it ends; streams end with it. */
  endsAt: Date
}

/**
 * Who sends this request: by the Bearer token of the page in the iframe, or by the session cookie of a tab of its own. The
 * install is looked up each time, so an uninstall ends every token at once. Throws BridgeError `unauthenticated`, or
 * `too_many_requests` for a person who asks so often that others would have to wait.
 */
export async function identify(web: Web, request: Request): Promise<Identified> {
  const proof = await proofOf(web, request)
  const { user, expiresAt } = proof
  const waitSeconds = web.rates.calls.take(`${user.companyId} ${user.userId}`)
  if (waitSeconds !== null)
    throw new BridgeError('too_many_requests', `Too many requests. Try again in ${waitSeconds} seconds.`, {
      retryAfterSeconds: waitSeconds,
    })
  if (!(await isInstalled(web.ctx, user.companyId, user.locationId))) throw unknown()
  return { actor: user, endsAt: expiresAt }
}

async function proofOf(web: Web, request: Request): Promise<{ user: User; expiresAt: Date }> {
  const authorization = request.headers.get('authorization')
  if (authorization !== null) {
    const token = /^Bearer ([\w.-]+)$/.exec(authorization)?.[1]
    const read = token === undefined ? null : readEmbedToken(web.keys.embedToken, token, web.ctx.clock.now())
    if (!read) throw unknown()
    return read
  }
  const session = await readSession(web, request)
  if (!session) throw unknown()
  if (!isSafe(request.method) && !isFromOurPage(web, request))
    throw new BridgeError('forbidden', 'This can only be done from a page of the app.')
  return session
}

const isSafe = (method: string) => method === 'GET' || method === 'HEAD'

/** Beyond the cookie's own `lax`: another page of the same site must not act with it either. */
function isFromOurPage(web: Web, request: Request): boolean {
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return false
  return origin !== null && origin === new URL(web.settings.appUrl).origin
}

const unknown = () =>
  new BridgeError('unauthenticated', 'Sign in again: open the app inside your CRM, or from there in a new tab.')
