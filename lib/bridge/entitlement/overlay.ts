/**
 * Suspension lies over a session: while it lasts `status` says so, and what the session is below it, by its line and by what
 * people ask for, goes on in `underStatus`. Nothing else of a linked session changes, so ending it brings back exactly that.
 * No I/O.
 */
import type { SessionRow } from '../reach'
import { unlinkedStatus } from '../session/session'

/** The session as it would be if it were paid for. */
export function below(session: SessionRow): SessionRow {
  if (session.status !== 'suspended') return session
  return { ...session, status: session.underStatus ?? 'stopped', reason: session.underReason }
}

/** A change of what lies below, as the row takes it. */
export function underneath(session: SessionRow, change: Partial<SessionRow>): Partial<SessionRow> {
  // Also of a session as `below` shows it.
  if (session.suspendedAt === null && session.status !== 'suspended') return change
  const { status, reason, since: _since, ...rest } = change
  return {
    ...rest,
    ...(status === undefined ? {} : { underStatus: status }),
    ...(reason === undefined ? {} : { underReason: reason }),
  }
}

export function suspension(session: SessionRow, at: Date): Partial<SessionRow> {
  const isBeingLinked = session.wanted === 'connected' && !session.isLinked
  return {
    ...{ status: 'suspended', reason: 'entitlement', since: at, suspendedAt: at },
    ...(isBeingLinked
      ? // Called off: nobody would be there for the code when this ends.
        { wanted: 'closed', codePhone: null, underStatus: unlinkedStatus(session), underReason: null }
      : { underStatus: session.status, underReason: session.reason }),
  }
}

/** Back to what it was; what hung up in the meantime connects again, if people still want it to. */
export function resumption(session: SessionRow, at: Date): Partial<SessionRow> {
  const { status, reason } = below(session)
  const wasUp = status === 'connected' || status === 'reconnecting' || status === 'linking'
  const mustConnect = session.hungUpAt !== null && session.wanted === 'connected' && wasUp
  return {
    ...(mustConnect ? { status: 'starting', reason: null } : { status, reason }),
    ...{ since: at, suspendedAt: null, hungUpAt: null, underStatus: null, underReason: null },
    attempt: 0,
    // Until when WhatsApp wants no login holds whoever pays.
    nextRetryAt: status === 'banned' ? session.nextRetryAt : null,
  }
}
