/** Which session sends a message, decided without I/O from what the database knows. */
import type { ChannelName } from '@/lib/channel/kinds'
import type { RoutingTrace } from '@/db/schema/messages'
import type { SessionStatus, SessionWanted } from '@/db/schema/sessions'
import type { SessionId } from '@/lib/ids'
import { describeSession, type Failure } from '../message/message'

export interface Candidate {
  id: SessionId
  label: string
  phone: string | null
  priority: number
  channel: ChannelName
  status: SessionStatus
}

export interface RoutingFacts {
  /** The sub-account's sessions. */
  sessions: readonly Candidate[]
  /** Named by a workflow action or the API. */
  explicit?: SessionId
  /** What `parseRoutingCode` found. */
  code: { priority: number; text: string; conflict: boolean } | null
  /** The session the contact's conversation stays on; null without one, or when it was deleted. */
  affinity: SessionId | null
}

export type Choice =
  | { session: Candidate; trace: RoutingTrace; failure?: undefined }
  | { session: null; trace: RoutingTrace; failure: Failure }

type Standing = 'able' | 'waits' | 'session_down' | 'session_stopped' | 'session_unpaid'

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

export function chooseSession(facts: RoutingFacts): Choice {
  const byPriority = [...facts.sessions].sort((a, b) => a.priority - b.priority)
  const warnings = facts.code?.conflict ? ['code_conflict'] : []
  const trace = (
    rule: number,
    session: Candidate | null,
    text: string,
    skipped: RoutingTrace['skipped'] = [],
  ): RoutingTrace => ({
    rule,
    session: session?.id ?? null,
    priority: session?.priority ?? null,
    skipped,
    code: facts.code?.text ?? null,
    warnings,
    holdMs: null,
    fallbackFrom: null,
    text,
  })
  /** A rule that names one session: it sends, waits for its return, or fails; nobody takes its place. */
  const only = (rule: number, session: Candidate, because: string): Choice => {
    const standing = standings[session.status]
    if (standing === 'able' || standing === 'waits') {
      return { session, trace: trace(rule, session, `Sent on ${session.label} because ${because}.`) }
    }
    const failure = failureOf(session, standing)
    return {
      session: null,
      failure,
      trace: trace(rule, session, `${session.label} was chosen because ${because}. ${failure.message}`),
    }
  }

  if (facts.explicit) {
    const named = byPriority.find((session) => session.id === facts.explicit)
    if (named) return only(1, named, 'the sender named it')
    const failure: Failure = {
      code: 'session_not_found',
      message: 'Not sent: the session this message names no longer exists. Choose another one in Sessions.',
    }
    return { session: null, failure, trace: trace(1, null, failure.message) }
  }

  if (facts.code) {
    const { priority, text } = facts.code
    const named = byPriority.find((session) => session.priority === priority)
    if (named) return only(2, named, `the text says ${text}`)
    const failure: Failure = {
      code: 'session_not_found',
      message: `Not sent: ${text} has no WhatsApp number in this sub-account. Use a priority shown in Sessions.`,
    }
    return { session: null, failure, trace: trace(2, null, failure.message) }
  }

  const stays = byPriority.find((session) => session.id === facts.affinity)
  if (stays) return only(4, stays, "the contact's conversation is on it")

  const skipped: RoutingTrace['skipped'] = []
  for (const session of byPriority) {
    // A session that is coming back is passed over while another can send at once.
    if (standings[session.status] === 'able') {
      const because =
        skipped.length === 0 ? 'it has the first priority' : 'it has the first priority of those that can send now'
      return { session, trace: trace(7, session, `Sent on ${session.label} because ${because}.`, skipped) }
    }
    skipped.push({
      rule: 7,
      session: session.id,
      label: session.label,
      priority: session.priority,
      why: session.status,
    })
  }
  const returning = byPriority.find(comesBack)
  if (returning) {
    const others = skipped.filter((entry) => entry.session !== returning.id)
    return {
      session: returning,
      trace: trace(7, returning, `Sent on ${returning.label} because it is the only one coming back.`, others),
    }
  }
  const failure: Failure = {
    code: 'no_session',
    message:
      byPriority.length === 0
        ? 'Not sent: this sub-account has no WhatsApp number yet. Add one in Sessions.'
        : 'Not sent: no WhatsApp number of this sub-account is connected. Look at Sessions.',
  }
  return { session: null, failure, trace: trace(8, null, failure.message, skipped) }
}

/** It was linked before and is on its way: waiting for it is better than failing when no other session can send. */
const comesBack = (session: Candidate) =>
  session.status === 'reconnecting' || (session.status === 'starting' && session.phone !== null)

/** What becomes of a message whose session is not to be connected any more. */
export function failureAtRest(session: {
  label: string
  phone: string | null
  status: SessionStatus
  wanted: SessionWanted
}): Failure {
  if (session.wanted === 'removed') {
    return {
      code: 'session_not_found',
      message: 'Not sent: the session was deleted. Choose another session, then send again.',
    }
  }
  const standing = standings[session.status]
  return failureOf(session, standing === 'able' || standing === 'waits' ? 'session_down' : standing)
}

function failureOf(
  session: Pick<Candidate, 'label' | 'phone' | 'status'>,
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
