import type { LineReason, LineState } from '@/lib/channel/channel'

/** How a connection ended, as far as it says. */
export interface Ending {
  code: number
  /** The code is an HTTP status or a socket error met while connecting, not WhatsApp's own word. */
  transport: boolean
  /** Nobody scanned the last reference of this connection. */
  qrExhausted: boolean
  /** How long a temporary ban lasts, where it says so. */
  banSeconds: number | null
}

/** What happened before on this line; the caller keeps it. */
export interface Past {
  /** Consecutive failures since the line was last stable. */
  failures: number
  /** How long there has been no stable connection. */
  failingForMs: number
  /** Replacements by another connection in the last ten minutes, this one included. */
  replacements: number
  /** Ends with 500 in a row, this one included. */
  badSessions: number
}

export interface Limits {
  backoffMinMs: number
  backoffMaxMs: number
  giveUpMs: number
  stableMs: number
  replacedWaitMs: number
  replacedWindowMs: number
  replacementsAllowed: number
  badSessionsAllowed: number
}

/** Keeps what `decide` needs to know of the endings before. */
export function createPast(limits: Limits) {
  let failures = 0
  let badSessions = 0
  let failingSinceMs: number | null = null
  let replacedAtMs: number[] = []
  return {
    ended(ending: Ending, openForMs: number | null, nowMs: number): Past {
      if (openForMs !== null && openForMs >= limits.stableMs) {
        failures = 0
        failingSinceMs = null
      }
      const said = ending.transport ? null : ending.code
      if (said === 440) replacedAtMs = [...replacedAtMs.filter((at) => nowMs - at < limits.replacedWindowMs), nowMs]
      badSessions = said === 500 ? badSessions + 1 : 0
      if (said !== 515) failingSinceMs ??= nowMs
      return {
        failures,
        failingForMs: failingSinceMs === null ? 0 : nowMs - failingSinceMs,
        replacements: replacedAtMs.length,
        badSessions,
      }
    },
    /** Another attempt will be made; answers which one. */
    failed: () => (failures += 1),
  }
}

export type Verdict =
  /** Connect again at once; not a failure. */
  | { do: 'restart' }
  | { do: 'retry'; afterMs: number; reason: LineReason }
  /** A fresh registration: the references of the old one are used up. */
  | { do: 'renew' }
  /** Until somebody wants it again; `afterMs`: WhatsApp wants no login before. */
  | { do: 'stop'; state: LineState; reason: LineReason; forget: boolean; afterMs?: number }

const stop = (state: LineState, reason: LineReason, forget = false): Extract<Verdict, { do: 'stop' }> => ({
  do: 'stop',
  state,
  reason,
  forget,
})

/** What each close code does. The only place that turns codes into states. */
export function decide(
  ending: Ending,
  isLinked: boolean,
  past: Past,
  limits: Limits,
  random: () => number = Math.random,
): Verdict {
  if (ending.qrExhausted && !isLinked) return { do: 'renew' }
  if (!ending.transport) {
    switch (ending.code) {
      case 515:
        return { do: 'restart' }
      case 401:
      case 419:
        return stop('logged_out', 'phone_unlinked', true)
      case 402:
        return {
          ...stop('banned', 'temporary_ban'),
          // Without a term from WhatsApp a day; a little later than allowed, so that clocks may differ.
          afterMs: (ending.banSeconds ?? 86_400) * 1000 * (1 + random() * 0.05) + random() * 60_000,
        }
      case 403:
      case 406:
        return stop('banned', 'account_refused')
      case 405:
      case 409:
      case 411:
        return stop('failed', 'client_outdated')
      case 440:
        if (past.replacements >= limits.replacementsAllowed) return stop('failed', 'connection_replaced')
        return { do: 'retry', afterMs: limits.replacedWaitMs, reason: 'connection_replaced' }
      case 500:
        // Kept credentials would be used again by the next attempt to link, and refused again.
        if (isLinked && past.badSessions >= limits.badSessionsAllowed)
          return stop('logged_out', 'bad_credentials', true)
        break
    }
  }
  const reason = networkCodes.has(ending.code) ? 'network' : 'whatsapp_unavailable'
  if (past.failingForMs >= limits.giveUpMs) return stop('failed', 'retries_exhausted')
  return { do: 'retry', afterMs: backoff(past.failures, limits, random), reason }
}

const networkCodes = new Set([408, 428])

/** Full jitter: anything from nothing to the doubled step, so that many lines cut at once do not come back at once. */
export function backoff(
  failures: number,
  limits: { backoffMinMs: number; backoffMaxMs: number },
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(limits.backoffMaxMs, limits.backoffMinMs * 2 ** Math.min(failures, 30))
  return Math.floor(random() * ceiling)
}
