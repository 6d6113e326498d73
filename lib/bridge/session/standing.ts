/** What a session's status means for a message that is to leave on it, and the words for it. No I/O. */
import type { SessionStatus, SessionWanted } from '@/db/schema/sessions'
import { describeSession, type Failure } from '../message/message'

export type Standing = 'able' | 'waits' | 'session_down' | 'session_stopped' | 'session_unpaid'

const standings: Record<SessionStatus, Standing> = {
  connected: 'able',
  reconnecting: 'waits',
  starting: 'waits',
  created: 'session_down',
  awaiting_link: 'session_down',
  linking: 'session_down',
  logged_out: 'session_down',
  banned: 'session_down',
  failed: 'session_down',
  stopped: 'session_stopped',
  suspended: 'session_unpaid',
}

export const standingOf = (session: { status: SessionStatus }): Standing => standings[session.status]

/** "Support is logged out": why a session was passed over. */
const states: Record<SessionStatus | 'capped' | 'no_return', string> = {
  connected: 'is connected',
  reconnecting: 'is reconnecting',
  starting: 'is starting',
  created: 'is not linked yet',
  awaiting_link: 'is not linked yet',
  linking: 'is not linked yet',
  logged_out: 'is logged out',
  banned: 'is blocked by WhatsApp',
  failed: 'has an error',
  stopped: 'is stopped',
  suspended: 'is waiting for payment',
  capped: 'has sent as much as it may for now',
  no_return: 'did not come back in time',
}

export type PassedOverBecause = keyof typeof states

export const describeState = (why: PassedOverBecause): string => states[why]

interface Named {
  label: string
  phone: string | null
}

export function failureOf(
  session: Named & { status: SessionStatus },
  standing: Exclude<Standing, 'able' | 'waits'>,
): Failure {
  const who = describeSession(session)
  if (standing === 'session_stopped')
    return { code: 'session_stopped', message: `Not sent: ${who} is stopped. Start it in Sessions.` }
  if (standing === 'session_unpaid')
    return { code: 'session_unpaid', message: `Not sent: ${who} is waiting for payment. Look at Sessions.` }
  const why: Partial<Record<SessionStatus, string>> = {
    logged_out: 'is logged out. Re-scan it in Sessions.',
    banned: 'is blocked by WhatsApp. Look at Sessions.',
    failed: 'has an error. Look at Sessions.',
  }
  return {
    code: 'session_down',
    message: `Not sent: ${who} ${why[session.status] ?? 'is not linked yet. Scan its code in Sessions.'}`,
  }
}

/** It was waited for as long as the sub-account wants, or not at all. */
export function failureInVain(session: Named, waitedMs: number): Failure {
  const minutes = Math.round(waitedMs / 60_000)
  const long =
    waitedMs === 0 ? '' : minutes < 1 ? ' in time' : ` within ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`
  const what = waitedMs === 0 ? 'is not connected at the moment' : `did not come back${long}`
  return {
    code: 'session_down_timeout',
    message: `Not sent: ${describeSession(session)} ${what}. Look at Sessions, then send again.`,
  }
}

/** What becomes of a message whose session is not to be connected any more. */
export function failureAtRest(session: Named & { status: SessionStatus; wanted: SessionWanted }): Failure {
  if (session.wanted === 'removed') {
    return {
      code: 'session_not_found',
      message: 'Not sent: the session was deleted. Choose another session, then send again.',
    }
  }
  const standing = standingOf(session)
  return failureOf(session, standing === 'able' || standing === 'waits' ? 'session_down' : standing)
}
