/** The public API as the pages use it: they have no other way in. */

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly fields: Record<string, string>
  /** How long to wait where the answer said so. */
  readonly retryAfterSeconds: number | null

  constructor(
    status: number,
    code: string,
    message: string,
    fields: Record<string, string> = {},
    retryAfterSeconds: number | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.fields = fields
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export interface Proof {
  /** The Bearer token, or null where the browser's own session speaks. */
  token: string | null
  /** Another proof when this one is over; null when there is none to be had. */
  renew(): Promise<boolean>
}

export interface Api {
  get<T>(path: string): Promise<T>
  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>
  /** A one-time address that signs this person in in a tab of its own. */
  tabCode(): Promise<{ url: string }>
  /** An open answer, for streams. */
  open(path: string, signal: AbortSignal): Promise<Response>
  /** The server's time: countdowns must not depend on this machine's clock. */
  now(): number
}

export function createApi(proof: Proof): Api {
  let aheadMs = 0

  async function ask(path: string, init: RequestInit, isRetry = false): Promise<Response> {
    const headers = new Headers(init.headers)
    if (proof.token !== null) headers.set('authorization', `Bearer ${proof.token}`)
    const sentAt = Date.now()
    const response = await fetch(path, { ...init, headers, cache: 'no-store' }).catch((cause: unknown) => {
      if (init.signal?.aborted) throw cause
      throw new ApiError(0, 'unreachable', 'The server cannot be reached.')
    })
    const stated = Date.parse(response.headers.get('date') ?? '')
    // The header is cut to whole seconds; half a second is its mean error.
    if (!Number.isNaN(stated)) aheadMs = stated + 500 - (sentAt + Date.now()) / 2
    if (response.status === 401 && !isRetry && (await proof.renew())) return await ask(path, init, true)
    if (!response.ok) throw await readError(response)
    return response
  }

  return {
    async get<T>(path: string) {
      return (await (await ask(`/api/v1${path}`, {})).json()) as T
    },
    async send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
      const response = await ask(`/api/v1${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      return (response.status === 204 ? undefined : await response.json()) as T
    },
    tabCode: async () => (await (await ask('/api/sso/tab-code', { method: 'POST' })).json()) as { url: string },
    open: (path, signal) => ask(`/api/v1${path}`, { signal, headers: { accept: 'text/event-stream' } }),
    now: () => Date.now() + aheadMs,
  }
}

async function readError(response: Response): Promise<ApiError> {
  const fallback = new ApiError(response.status, 'internal', response.statusText)
  try {
    const { error } = (await response.json()) as {
      error?: { code: string; message: string; fields?: Record<string, string> }
    }
    const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
    return error
      ? new ApiError(response.status, error.code, error.message, error.fields, Number.isNaN(wait) ? null : wait)
      : fallback
  } catch {
    return fallback
  }
}
