/** What can be wrong with a request, in one list; `lib/http/respond.ts` alone gives each its HTTP status. */
export type ErrorCode =
  | 'bad_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'changed'
  | 'label_taken'
  | 'limit_reached'
  | 'unpaid'
  | 'wrong_status'
  | 'too_large'
  | 'too_many_requests'
  | 'unavailable'

/** An error a caller caused or can act on. The message is safe to show and says what to do next. */
export class BridgeError extends Error {
  readonly code: ErrorCode
  /** Per field, what is wrong with it. */
  readonly fields: Record<string, string> | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { fields?: Record<string, string>; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'BridgeError'
    this.code = code
    this.fields = options.fields
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** This process no longer owns the session it tried to write for: drop the work, close the line. */
export class LostOwnership extends Error {
  constructor(sessionId: string) {
    super(`session ${sessionId} is owned by another worker now`)
    this.name = 'LostOwnership'
  }
}
