/** Which session sends a message, decided without I/O from what is known: ROUTING.md §3 and §5. */
import type { ChannelName } from '@/lib/channel/kinds'
import type { PassedOver, RoutingTrace } from '@/db/schema/messages'
import type { SessionStatus } from '@/db/schema/sessions'
import type { SessionId, UserId } from '@/lib/ids'
import type { Failure } from '../message/message'
import type { Settings } from '../sub-account/settings'
import { describeRule, matchRule } from './match-rule'
import { describeState, failureInVain, failureOf, standingOf, type PassedOverBecause } from './standing'

export interface Candidate {
  id: SessionId
  label: string
  phone: string | null
  priority: number
  channel: ChannelName
  status: SessionStatus
  /** The user whose messages, or whose contacts' messages, leave here. */
  routesFor: UserId | null
}

export type AffinitySetBy = 'inbound' | 'outbound' | 'phone' | 'tag' | 'user' | 'rule'

export interface RoutingFacts {
  /** The sub-account's sessions. */
  sessions: readonly Candidate[]
  settings: Pick<Settings, 'sessionChoice' | 'whenContactSessionIsDown' | 'codeFallback' | 'holdMinutes' | 'rules'>
  /** Named by a workflow action, the API, or by the number the message is to leave from. */
  explicit?: { session: SessionId; by: 'sender' | 'number' }
  /** What `parseRoutingCode` found; `channel` is the one whose prefix it has. */
  code: { priority: number; text: string; conflict: boolean; channel: ChannelName } | null
  /** The session the contact's conversation stays on; null without one. */
  affinity: { session: SessionId; setBy: AffinitySetBy | null } | null
  /** Who wrote it; null: no person. */
  sender: UserId | null
  phone: string | null
  /** What the CRM says of the contact; null: not known. */
  contact: { tags: readonly string[]; owner: UserId | null } | null
  /** Sessions that have sent as much as they may for now. */
  capped?: ReadonlySet<SessionId>
  /** A soft rule's session that was waited for already: nothing is waited for softly again. */
  inVain?: SessionId
}

export type Choice =
  | { session: Candidate; trace: RoutingTrace; hold: number | null; failure?: undefined }
  | { session: null; trace: RoutingTrace; failure: Failure }
  /** It depends on the contact's tags or owner, which are not known. */
  | { session: null; missing: 'contact'; trace?: undefined; failure?: undefined }

/** How long rules that only prefer a session wait for it. */
const softHoldMs = 120_000

const orders: Record<Settings['sessionChoice'], readonly (3 | 4 | 5 | 6)[]> = {
  keep_contact_session: [3, 4, 5, 6],
  owner_first: [3, 6, 4, 5],
  sender_first: [3, 5, 4, 6],
}

export const routingWarnings = ['code_conflict', 'code_unused'] as const
type RoutingWarning = (typeof routingWarnings)[number]

const warningText = (warning: RoutingWarning, code: string): string =>
  ({
    code_conflict: 'The text names several sessions; the first one counts.',
    code_unused: `No session has the priority in ${code}, so it was chosen as if there were no code.`,
  })[warning]

const affinityBecause: Record<AffinitySetBy, string> = {
  inbound: 'the contact last wrote there',
  outbound: 'the conversation with the contact began there',
  phone: 'the contact was last answered from that phone',
  tag: 'the contact carries its account tag',
  user: 'somebody chose it for this contact',
  rule: 'the conversation was moved there',
}

export function chooseSession(facts: RoutingFacts): Choice {
  const { settings } = facts
  const byPriority = [...facts.sessions].sort((a, b) => a.priority - b.priority)
  const holdMs = settings.holdMinutes * 60_000
  const skipped: RoutingTrace['skipped'] = []
  const warnings: RoutingWarning[] = facts.code?.conflict ? ['code_conflict'] : []
  let fallbackFrom: PassedOver | null = null

  const passOver = (rule: number, session: Candidate, why: PassedOverBecause): PassedOver => {
    const passed = { session: session.id, label: session.label, priority: session.priority, why }
    if (!skipped.some((entry) => entry.session === session.id)) skipped.push({ rule, ...passed })
    return passed
  }
  const traceOf = (rule: number, session: Candidate | null, text: string): RoutingTrace => ({
    rule,
    session: session?.id ?? null,
    priority: session?.priority ?? null,
    skipped: skipped.filter((entry) => entry.session !== session?.id),
    code: facts.code?.text ?? null,
    warnings,
    holdMs: null,
    fallbackFrom,
    text: [text, ...warnings.map((warning) => warningText(warning, facts.code?.text ?? ''))].join(' '),
  })
  const take = (rule: number, session: Candidate, because: string, hold: number | null = null): Choice => {
    const instead = fallbackFrom
      ? ` instead of ${fallbackFrom.label}, which ${describeState(fallbackFrom.why as PassedOverBecause)},`
      : ''
    return { session, hold, trace: traceOf(rule, session, `Sent on ${session.label}${instead} because ${because}.`) }
  }
  const fail = (rule: number, session: Candidate | null, failure: Failure, because?: string): Choice => ({
    session: null,
    failure,
    trace: traceOf(
      rule,
      null,
      session && because ? `${session.label} was chosen because ${because}. ${failure.message}` : failure.message,
    ),
  })
  /** A rule that names one session: it sends, is waited for, or fails; null: what comes after may take its place. */
  const only = (rule: number, session: Candidate, because: string, mayFallBack: boolean): Choice | null => {
    const standing = standingOf(session)
    if (standing === 'able') return take(rule, session, because)
    if (standing === 'waits') {
      if (holdMs > 0) return take(rule, session, because, holdMs)
      return fail(rule, session, failureInVain(session, 0), because)
    }
    if (!mayFallBack) return fail(rule, session, failureOf(session, standing), because)
    fallbackFrom = passOver(rule, session, session.status)
    return null
  }
  /** A rule that prefers one: waited for briefly, once, then the next rule. */
  const preferred = (rule: number, session: Candidate, because: string): Choice | null => {
    const standing = standingOf(session)
    if (standing === 'able') return take(rule, session, because)
    const mayWait = standing === 'waits' && holdMs > 0 && facts.inVain === undefined
    if (mayWait) return take(rule, session, because, Math.min(softHoldMs, holdMs))
    const passed = passOver(rule, session, facts.inVain === session.id ? 'no_return' : session.status)
    if (facts.inVain === session.id) fallbackFrom = passed
    return null
  }

  if (facts.explicit) {
    const { session: id, by } = facts.explicit
    const named = byPriority.find((session) => session.id === id)
    const because = by === 'number' ? 'the message is to leave from its number' : 'the sender named it'
    if (named) return only(1, named, because, false)!
    return fail(1, null, {
      code: 'session_not_found',
      message: 'Not sent: the session this message names no longer exists. Choose another one in Sessions.',
    })
  }

  if (facts.code) {
    const { priority, text, channel } = facts.code
    const named = byPriority.find((session) => session.priority === priority && session.channel === channel)
    const found = named ? only(2, named, `the text says ${text}`, settings.codeFallback) : null
    if (found) return found
    if (!named && settings.codeFallback) warnings.push('code_unused')
    else if (!named)
      return fail(2, null, {
        code: 'session_not_found',
        message: `Not sent: ${text} has no WhatsApp number in this sub-account. Use a priority shown in Sessions.`,
      })
  }

  const stays = byPriority.find((session) => session.id === facts.affinity?.session)
  const ruleFacts = { ...facts, hasAffinity: stays !== undefined }
  const assignedTo = (user: UserId | null) =>
    user === null ? undefined : byPriority.find((session) => session.routesFor === user)

  for (const rule of orders[settings.sessionChoice]) {
    if (rule === 3) {
      for (const [at, each] of settings.rules.entries()) {
        const match = matchRule(each, ruleFacts)
        if (match === 'no') continue
        const session = byPriority.find(({ id }) => id === each.session)
        if (!session) continue
        if (match === 'unknown') return { session: null, missing: 'contact' }
        const what = describeRule(each, ruleFacts)
        const choice = preferred(3, session, `routing rule ${at + 1} applies${what ? `: ${what}` : ''}`)
        if (choice) return choice
      }
    } else if (rule === 4) {
      if (!stays) continue
      const because = affinityBecause[facts.affinity?.setBy ?? 'rule']
      const choice = only(4, stays, because, settings.whenContactSessionIsDown === 'fallback')
      if (choice) return choice
    } else if (rule === 5) {
      const session = assignedTo(facts.sender)
      const choice = session && preferred(5, session, 'it is assigned to the person who wrote the message')
      if (choice) return choice
    } else {
      if (facts.contact === null && byPriority.some((session) => session.routesFor !== null))
        return { session: null, missing: 'contact' }
      const session = assignedTo(facts.contact?.owner ?? null)
      const choice = session && preferred(6, session, "it is assigned to the contact's owner")
      if (choice) return choice
    }
  }

  return byTurn(byPriority, facts, { passOver, take, fail, holdMs })
}

/** Rule 7: the lowest priority number that can send. */
function byTurn(
  byPriority: readonly Candidate[],
  facts: RoutingFacts,
  run: {
    passOver: (rule: number, session: Candidate, why: PassedOverBecause) => PassedOver
    take: (rule: number, session: Candidate, because: string, hold?: number | null) => Choice
    fail: (rule: number, session: Candidate | null, failure: Failure) => Choice
    holdMs: number
  },
): Choice {
  for (const session of byPriority) {
    // A session that is coming back is passed over while another can send at once.
    const isCapped = facts.capped?.has(session.id) === true
    if (standingOf(session) === 'able' && !isCapped) {
      const isFirst = session === byPriority[0]
      return run.take(
        7,
        session,
        isFirst ? 'it has the first priority' : 'it has the first priority of those that can send now',
      )
    }
    run.passOver(7, session, isCapped ? 'capped' : session.status)
  }
  const waitsForItsWindow = byPriority.find((session) => standingOf(session) === 'able')
  if (waitsForItsWindow) return run.take(7, waitsForItsWindow, 'no other can send before it may send again')
  const returning = byPriority.find(comesBack)
  if (returning && run.holdMs > 0) return run.take(7, returning, 'it is the only one coming back', run.holdMs)
  // One reason for all of them is the reason: the person who pays knows what to do, the one who re-scans does not.
  const [first] = byPriority
  if (first && byPriority.every(({ status }) => status === 'suspended'))
    return run.fail(8, null, failureOf(first, 'session_unpaid'))
  return run.fail(8, null, {
    code: 'no_session',
    message:
      byPriority.length === 0
        ? 'Not sent: this sub-account has no WhatsApp number yet. Add one in Sessions.'
        : 'Not sent: no WhatsApp number of this sub-account is connected. Look at Sessions.',
  })
}

/** It was linked before and is on its way: waiting for it is better than failing when no other session can send. */
const comesBack = (session: Candidate) =>
  session.status === 'reconnecting' || (session.status === 'starting' && session.phone !== null)
