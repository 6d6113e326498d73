import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { ssoExchanges } from '@/db/schema/sub-accounts'
import { readMe } from '@/lib/bridge/sub-account/read-me'
import { recogniseUser } from '@/lib/bridge/sub-account/recognise-user'
import { readUserData } from '@/lib/highlevel/sso'
import { sha256 } from '@/lib/seal'
import { signEmbedToken } from './embed-token'
import { peerOf } from './peer'
import { readRaw } from './raw-body'
import type { Web } from './web'

const maxBodyBytes = 32 * 1024
const body = z.strictObject({ payload: z.string().min(1).max(24_000) })

/** A page in the iframe makes one up when it loads and sends it each time; it stays in that page's memory. */
export const frameHeader = 'x-trunkline-frame'
const frameId = /^[\w-]{16,128}$/

/**
 * Exchanges the user data the CRM encrypted for its iframe for a token of ours. The data carries neither time nor nonce, so
 * it is taken once: the frame that brought it may bring it again, nobody else. Whatever is wrong with it, the answer is one
 * and the same.
 */
export async function handleSso(web: Web, request: Request): Promise<Response> {
  const peer = `sso ${peerOf(request)}`
  const blockedFor = web.attempts.blockedFor(peer)
  if (blockedFor !== null)
    return refuse(429, 'too_many_requests', 'Too many attempts. Wait a moment, then reload the page.', blockedFor)
  const payload = await readPayload(request)
  if (payload === null) return refuse(400, 'bad_request', 'Send { "payload": "…" } as application/json.')
  const identity = readUserData(payload, web.settings.highlevel.ssoSecret)
  const user = identity && (await recogniseUser(web.ctx, identity))
  if (!user || !(await isFirstUse(web, payload, request.headers.get(frameHeader)))) {
    web.attempts.failed(peer)
    return refuse(401, 'unauthenticated', 'Your CRM did not vouch for you. Reload the page inside your CRM.')
  }
  const { token, expiresAt } = signEmbedToken(web.keys.embedToken, user, web.ctx.clock.now())
  return Response.json(
    {
      token,
      expiresAt: expiresAt.toISOString(),
      user: readMe(user).user,
      ...(user.locationId === null ? {} : { locationId: user.locationId }),
      companyId: user.companyId,
    },
    { headers: { 'cache-control': 'no-store' } },
  )
}

async function readPayload(request: Request): Promise<string | null> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? '')) return null
  const raw = await readRaw(request, maxBodyBytes)
  try {
    return raw && body.parse(JSON.parse(raw.toString('utf8'))).payload
  } catch {
    return null
  }
}

async function isFirstUse(web: Web, payload: string, frame: string | null): Promise<boolean> {
  // The bytes, not the text: base64 can be written in more than one way.
  const payloadHash = sha256(Buffer.from(payload, 'base64'))
  const frameHash = sha256(frame !== null && frameId.test(frame) ? frame : randomBytes(32))
  const inserted = await web.ctx.db
    .insert(ssoExchanges)
    .values({ payloadHash, frameHash })
    .onConflictDoNothing()
    .returning({ payloadHash: ssoExchanges.payloadHash })
  if (inserted.length > 0) return true
  const [first] = await web.ctx.db
    .select({ frameHash: ssoExchanges.frameHash })
    .from(ssoExchanges)
    .where(eq(ssoExchanges.payloadHash, payloadHash))
  return first !== undefined && first.frameHash.equals(frameHash)
}

function refuse(status: number, code: string, message: string, retryAfterSeconds?: number): Response {
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  return Response.json({ error: { code, message } }, { status, headers })
}
