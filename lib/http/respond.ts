/** The only place that turns what went wrong into HTTP. */
import { isOutage } from '@/db/transaction'
import { BridgeError, type ErrorCode } from '@/lib/errors'
import type { Fields, Log } from '@/lib/log'

const statusOf: Record<ErrorCode, number> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  changed: 409,
  label_taken: 409,
  limit_reached: 409,
  unpaid: 402,
  wrong_status: 409,
  too_large: 413,
  too_many_requests: 429,
  unavailable: 503,
}

const noStore = { 'cache-control': 'no-store' }

export function answer(status: number, body: unknown): Response {
  return status === 204
    ? new Response(null, { status, headers: noStore })
    : Response.json(body, { status, headers: noStore })
}

export function answerError(thrown: unknown, log: Log, where: Fields): Response {
  const error = isOutage(thrown) ? databaseIsDown(thrown) : thrown
  if (error !== thrown) log.warn({ ...where, err: thrown }, 'the database did not answer')
  if (error instanceof BridgeError) {
    const { code, message, fields, retryAfterSeconds } = error
    const headers: Record<string, string> = { ...noStore }
    if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
    if (code === 'unauthenticated') headers['www-authenticate'] = 'Bearer'
    return Response.json({ error: { code, message, ...(fields && { fields }) } }, { status: statusOf[code], headers })
  }
  log.error({ ...where, err: error }, 'request failed')
  return Response.json(
    { error: { code: 'internal', message: 'Something went wrong on our side. Try again in a moment.' } },
    { status: 500, headers: noStore },
  )
}

const databaseIsDown = (cause: unknown) =>
  new BridgeError('unavailable', 'The app cannot reach its database. Try again in a moment.', {
    retryAfterSeconds: 5,
    cause,
  })
