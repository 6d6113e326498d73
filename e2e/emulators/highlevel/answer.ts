import { newUuid } from './store'

export interface Answer {
  status: number
  /** Undefined is an empty body. */
  body: unknown
}

/** A refusal in the CRM's own envelope, thrown from anywhere inside an operation. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: Record<string, unknown>,
  ) {
    super(String(body.message))
  }
}

const NAMES: Record<number, string> = { 401: 'Unauthorized', 403: 'Forbidden', 422: 'Unprocessable Entity' }

export function refuse(status: number, message: string | string[], more: Record<string, unknown> = {}): Refusal {
  const named = status === 403 || status === 422 ? { error: NAMES[status] } : {}
  const traced = status === 400 || status === 403 || status === 422 || status >= 500 ? { traceId: newUuid() } : {}
  return new Refusal(status, { statusCode: status, message, ...named, ...more, ...traced })
}

export const notThisLocation = (): Refusal => refuse(403, 'The token does not have access to this location.')

export const ok = (body: Record<string, unknown>, status = 200): Answer => ({ status, body })

export const traced = (body: Record<string, unknown>, status = 200): Answer => ({
  status,
  body: { ...body, traceId: newUuid() },
})
