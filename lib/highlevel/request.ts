import type { z } from 'zod'
import { CrmError, type CrmErrorKind, type CrmLimits } from './highlevel'
import { errorBody, type ErrorBody } from './schemas'
import { TransportError, type Transport, type TransportAnswer } from './transport'

/** What the API expects in its Version header, by the first path segment. */
const versions: Readonly<Record<string, string>> = { conversations: '2021-04-15' }
const otherVersion = '2021-07-28'

export interface Call<Output> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  query?: Record<string, string | undefined>
  json?: unknown
  form?: Record<string, string | undefined>
  token?: string
  /** Whether repeating it changes nothing more; decides what a lost answer means. Default: every method but POST. */
  isRepeatable?: boolean
  answer: z.ZodType<Output>
}

/**
 * `request` either returns what the schema made of a 2xx answer, or throws CrmError. It never retries. Any answer's word on the
 * limits is passed on before that.
 */
export interface Requester {
  request<Output>(call: Call<Output>, announced?: (limits: CrmLimits) => void): Promise<Output>
}

export function createRequester(apiUrl: string, transport: Transport): Requester {
  const base = apiUrl.replace(/\/+$/, '')
  return {
    async request(call, announced) {
      const isRepeatable = call.isRepeatable ?? call.method !== 'POST'
      const lost: CrmErrorKind = isRepeatable ? 'try_later' : 'unknown'
      const answer = await transport.send(prepare(base, call)).catch((error: unknown) => {
        if (!(error instanceof TransportError)) throw error
        const kind = error.mayHaveLeft ? lost : 'try_later'
        throw new CrmError(kind, `${nameOf(call)}: ${error.message}`, { cause: error })
      })
      announced?.(limitsOf(answer.headers))
      if (answer.status < 200 || answer.status > 299) throw classify(nameOf(call), answer, lost)
      const parsed = call.answer.safeParse(parseJson(answer.body))
      if (parsed.success) return parsed.data
      const what = answer.body ? 'an answer of another shape' : 'an empty answer'
      // Answers may quote what people wrote, so the issues, which quote values, are not carried along.
      throw new CrmError(lost, `${nameOf(call)}: ${what} with status ${answer.status}`, { status: answer.status })
    },
  }
}

function prepare(base: string, call: Call<unknown>) {
  const url = new URL(base + call.path)
  for (const [name, value] of Object.entries(call.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, value)
  const headers: Record<string, string> = {
    accept: 'application/json',
    version: versions[call.path.split('/')[1] ?? ''] ?? otherVersion,
  }
  if (call.token !== undefined) headers.authorization = `Bearer ${call.token}`
  let body: string | null = null
  if (call.json !== undefined) {
    headers['content-type'] = 'application/json'
    body = JSON.stringify(call.json)
  } else if (call.form) {
    headers['content-type'] = 'application/x-www-form-urlencoded'
    const given = Object.entries(call.form).filter((pair): pair is [string, string] => pair[1] !== undefined)
    body = new URLSearchParams(given).toString()
  }
  return { method: call.method, url, headers, body }
}

/** Ids in a path would make every failure a sentence of its own. */
const nameOf = (call: Call<unknown>) => `${call.method} ${call.path.replace(/\/[A-Za-z0-9_-]{16,}(?=\/|$)/g, '/…')}`

function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function classify(name: string, answer: TransportAnswer, lost: CrmErrorKind): CrmError {
  const { status } = answer
  const said = errorBody.parse(parseJson(answer.body))
  const fail = (kind: CrmErrorKind, retryAfterMs?: number) =>
    new RefusedCall(kind, `${name}: ${status} ${reasonOf(said.message)}`.trim(), said, {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  if (status === 429) return fail('try_later', waitOf(answer.headers))
  if (status >= 500) return fail(lost)
  if (status === 408) return fail(lost)
  if (/location is not active/i.test(said.message)) return fail('suspended')
  if (status === 403 && /no conversation provider found/i.test(said.message)) return fail('not_yet')
  if (status === 401 && /no conversation provider found/i.test(said.message)) return fail('not_yet')
  if (status === 401 && /version header/i.test(said.message)) return fail('refused')
  if (status === 401 || status === 403) return fail('unauthorised')
  if (status === 400 && /^invalid grant/i.test(said.message)) return fail('unauthorised')
  return fail('refused')
}

/** A CrmError that still knows the CRM's words, for callers in this folder that act on them. */
export class RefusedCall extends CrmError {
  readonly said: ErrorBody
  constructor(
    kind: CrmErrorKind,
    message: string,
    said: ErrorBody,
    options: { status: number; retryAfterMs?: number },
  ) {
    super(kind, message, options)
    this.said = said
  }
}

/** Of the CRM's words only those we know may go into our error: the rest may quote names, numbers or text. */
const knownReasons = [
  'Location is not active',
  'No conversation provider found for this message',
  'Invalid token: access token is invalid',
  'Invalid grant: refresh token is invalid',
  'The token is not authorized for this scope.',
  'The token does not have access to this location.',
  'This location does not allow duplicated contacts.',
  'Incorrect conversationProviderId/type',
  'No conversationProviderId passed in body',
  'Invalid conversationProviderId',
  'version header was not found.',
  'version header is invalid',
  'Too Many Requests',
]
const reasonOf = (said: string) => knownReasons.find((reason) => said.startsWith(reason)) ?? ''

const hourMs = 3_600_000

function numberIn(headers: TransportAnswer['headers'], name: string): number | undefined {
  const value = headers[name]
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}

function limitsOf(headers: TransportAnswer['headers'], nowMs = Date.now()): CrmLimits {
  const reset = numberIn(headers, 'x-ratelimit-daily-reset')
  // Its unit is documented nowhere: milliseconds or seconds since 1970, or seconds from now.
  const ms = reset && (reset > 1e12 ? reset - nowMs : reset > 1e9 ? reset * 1000 - nowMs : reset * 1000)
  return {
    most: numberIn(headers, 'x-ratelimit-max'),
    withinMs: numberIn(headers, 'x-ratelimit-interval-milliseconds'),
    daily: numberIn(headers, 'x-ratelimit-limit-daily'),
    dailyLeft: numberIn(headers, 'x-ratelimit-daily-remaining'),
    resetMs: ms && Math.max(1000, Math.min(ms, 24 * hourMs)),
  }
}

/** How long to hold back after a 429: what the answer says, else its window, else ten seconds. */
export function waitOf(headers: TransportAnswer['headers'], nowMs = Date.now()): number {
  const retryAfter = numberIn(headers, 'retry-after')
  if (retryAfter !== undefined) return Math.min(retryAfter * 1000, 24 * hourMs)
  const { dailyLeft, resetMs, withinMs } = limitsOf(headers, nowMs)
  return dailyLeft === 0 ? (resetMs ?? hourMs) : (withinMs ?? 10_000)
}
