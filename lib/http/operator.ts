/** What operators of the deployment may ask, by the token of its environment. Without the token nothing of it is there. */
import { z } from 'zod'
import { grantSessions, revokeGrant } from '@/lib/bridge/entitlement/grant'
import { BridgeError } from '@/lib/errors'
import { isSameSecret } from '@/lib/seal'
import { peerOf } from './peer'
import { parseParams, readBody } from './read-input'
import { answer, answerError } from './respond'
import { grantBody } from './schemas/entitlement'
import { locationParams } from './schemas/sub-account'
import type { Web } from './web'

export function isOperator(request: Request, token: string | null): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
  return token !== null && given !== undefined && isSameSecret(given, token)
}

export async function handleGrant(web: Web, request: Request, params: unknown): Promise<Response> {
  try {
    refuseStrangers(web, request)
    const { locationId } = parseParams(locationParams, params)
    if (request.method === 'DELETE') {
      await readBody(z.strictObject({}), request)
      return answer(200, await revokeGrant(web.ctx, { locationId }))
    }
    const { until, maxSessions } = await readBody(grantBody, request)
    return answer(
      200,
      await grantSessions(web.ctx, { locationId, until: until === null ? null : new Date(until), maxSessions }),
    )
  } catch (error) {
    return answerError(error, web.ctx.log, { method: request.method, route: '/api/operator' })
  }
}

/** A wrong token is answered like an address where nothing is, and so is a right one after too many wrong ones. */
function refuseStrangers(web: Web, request: Request): void {
  const peer = `operator ${peerOf(request)}`
  const isBlocked = web.attempts.blockedFor(peer) !== null
  if (!isBlocked && isOperator(request, web.settings.operatorToken)) return
  if (!isBlocked) web.attempts.failed(peer)
  throw new BridgeError('not_found', 'There is nothing at this address.')
}
