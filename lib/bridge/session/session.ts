/**
 * A session: one linked number of a sub-account on one channel. Here are its statuses, why it is in one, what a person
 * reads about it, and what each wish of a person means in each status. No I/O.
 */
import type { SessionStatus } from '@/db/schema/sessions'
import type { ChannelName } from '@/lib/channel/kinds'
import type { LineReason } from '@/lib/channel/channel'

export const sessionStatuses = [
  'created',
  'starting',
  'awaiting_link',
  'linking',
  'connected',
  'reconnecting',
  'stopped',
  'logged_out',
  'banned',
  'failed',
  'suspended',
] as const satisfies readonly SessionStatus[]

export const sessionReasons = [
  'phone_unlinked',
  'connection_replaced',
  'network',
  'whatsapp_unavailable',
  'bad_credentials',
  'pairing_timeout',
  'paired_number_mismatch',
  'duplicate_number',
  'restart_required',
  'proxy_unreachable',
  'retries_exhausted',
  'client_outdated',
  'needs_check',
  'temporary_ban',
  'account_refused',
  'user_stop',
  'user_logout',
  'entitlement',
] as const satisfies readonly (LineReason | 'proxy_unreachable' | 'user_stop' | 'user_logout' | 'entitlement')[]

export type SessionReason = (typeof sessionReasons)[number]

/** Messages for a session in one of these wait for it. */
export const holdingStatuses: readonly SessionStatus[] = ['starting', 'reconnecting']

/** While these last, how the session came here says nothing a person needs. */
const selfExplaining: readonly SessionStatus[] = ['starting', 'awaiting_link', 'linking', 'connected']

const statusSentences: Record<SessionStatus, string> = {
  created: 'No number is linked yet. Link one to start.',
  starting: 'The connection to WhatsApp is being opened.',
  awaiting_link: 'Scan the QR code with the phone, or enter a pairing code on it.',
  linking: 'The phone accepted. The link is being finished.',
  connected: 'Messages are sent and received.',
  reconnecting: 'The connection dropped and is being restored. Messages wait meanwhile.',
  stopped: 'Stopped. The link is kept, so starting it again needs no scan.',
  logged_out: 'The number is no longer linked. Scan again to use it.',
  banned: 'WhatsApp blocked this number. Ask WhatsApp support for a review.',
  failed: 'The connection could not be opened. Try again.',
  suspended:
    'The trial or plan has ended. A linked number keeps its link: once your agency renews it, the number connects by itself, without a scan.',
}

const reasonSentences: Record<SessionReason, string> = {
  phone_unlinked: 'This device was removed on the phone. Scan again to use the number.',
  connection_replaced: 'Another program keeps using this link. Close it there, and this session can be used again.',
  network: 'The connection was lost. It is being restored as soon as the network allows.',
  whatsapp_unavailable: 'WhatsApp does not answer at the moment. It is asked again until it does.',
  bad_credentials: 'WhatsApp no longer accepts this link. Scan again to use the number.',
  pairing_timeout: 'Nobody scanned in time. Get a new code to try again.',
  paired_number_mismatch:
    'Another number was scanned than this session had. Scan with the original number, or replace it.',
  duplicate_number: 'The scanned number already belongs to another session. Scan with a different number.',
  restart_required: 'WhatsApp asked for a new connection. It is being opened.',
  proxy_unreachable: 'The proxy of this session does not answer. Check it, then try again.',
  retries_exhausted: 'The connection could not be restored within a day. Try again.',
  client_outdated: 'WhatsApp asks for a newer version of this app. The link is kept; an update is needed.',
  needs_check: 'This number must be checked before it may send again. Try again to continue.',
  temporary_ban: 'WhatsApp blocked this number for a while. It can be linked again after that.',
  account_refused: 'WhatsApp refused this account. Ask WhatsApp support for a review.',
  user_stop: 'Stopped by a user. Start it again when you need it.',
  user_logout: 'Logged out by a user. Scan again to use a number here.',
  entitlement:
    'The trial or plan has ended. A linked number keeps its link: once your agency renews it, the number connects by itself, without a scan.',
}

export function isSessionReason(text: string | null): text is SessionReason {
  return text !== null && (sessionReasons as readonly string[]).includes(text)
}

/** The sentence a person reads. */
export function describeStatus(
  status: SessionStatus,
  reason: string | null,
  duplicateOf: DuplicateView | null = null,
): string {
  if (duplicateOf && reason === 'duplicate_number' && !selfExplaining.includes(status)) {
    const { label, place } = duplicateOf
    return `The scanned number already belongs to the session ${place === null ? label : `${label} of ${place}`}. Scan with a different number.`
  }
  return isSessionReason(reason) && !selfExplaining.includes(status) ? reasonSentences[reason] : statusSentences[status]
}

/** The one thing to offer first, if there is something to do at all. */
export type PrimaryAction = 'link' | 'start'

const primaryActions: Record<SessionStatus, PrimaryAction | null> = {
  created: 'link',
  starting: null,
  awaiting_link: null,
  linking: null,
  connected: null,
  reconnecting: null,
  stopped: 'start',
  logged_out: 'link',
  banned: 'link',
  failed: 'start',
  suspended: null,
}

export function primaryAction(status: SessionStatus): PrimaryAction | null {
  return primaryActions[status]
}

/**
 * What a person's wish means for a session as it is. `act`: a worker must do something anew. `already`: it is so, or on
 * its way. `refuse`: it cannot be from here.
 */
export type Verdict = 'act' | 'already' | 'refuse'
export type Wish = 'link' | 'start' | 'stop'

const verdicts: Record<SessionStatus, Record<Wish, Verdict>> = {
  created: { link: 'act', start: 'refuse', stop: 'already' },
  starting: { link: 'already', start: 'already', stop: 'act' },
  awaiting_link: { link: 'act', start: 'already', stop: 'act' },
  linking: { link: 'already', start: 'already', stop: 'act' },
  connected: { link: 'already', start: 'already', stop: 'act' },
  reconnecting: { link: 'already', start: 'already', stop: 'act' },
  stopped: { link: 'act', start: 'act', stop: 'already' },
  logged_out: { link: 'act', start: 'refuse', stop: 'already' },
  banned: { link: 'act', start: 'refuse', stop: 'already' },
  failed: { link: 'act', start: 'act', stop: 'act' },
  suspended: { link: 'refuse', start: 'refuse', stop: 'already' },
}

export function judge(wish: Wish, status: SessionStatus): Verdict {
  return verdicts[status][wish]
}

/** Where a session without a link rests: one that never had a number has nothing to be re-scanned. */
export function unlinkedStatus(session: { phone: string | null }): 'created' | 'logged_out' {
  return session.phone === null ? 'created' : 'logged_out'
}

/** The lowest priority nobody has, up to `limit`; null when all are taken. */
export function lowestFreePriority(taken: readonly number[], limit: number): number | null {
  for (let priority = 1; priority <= limit; priority++) if (!taken.includes(priority)) return priority
  return null
}

export interface SessionView {
  id: string
  locationId: string
  label: string
  channel: ChannelName
  status: SessionStatus
  reason: string | null
  detail: string
  /** Whose number was scanned, where that is the reason and the reader may know. */
  duplicateOf: DuplicateView | null
  since: string
  attempt: number
  nextRetryAt: string | null
  action: PrimaryAction | null
  phone: string | null
  pushName: string | null
  platform: 'business' | 'consumer' | null
  priority: number
  assignedUserId: string | null
  /** What the assigned user is for: routing, new contacts, contacts who write here. */
  routesForUser: boolean
  givesNewContacts: boolean
  givesKnownContacts: 'never' | 'if_unassigned' | 'always'
  accountTag: string | null
  syncContacts: boolean
  syncLabels: boolean
  pushTags: boolean
  health: SessionHealth
  firstLinkedAt: string | null
  createdAt: string
  connectedAt: string | null
  lastActiveAt: string | null
}

export interface DuplicateView {
  label: string
  /** The sub-account it is in; null: this one. */
  place: string | null
}

export interface SessionHealth {
  /** Of what was sent in the last 24 hours, 0 to 1; null: nothing was. */
  deliveredShare: number | null
  sent24h: number
  lastMessageAt: string | null
  /** New contacts per day of a number linked lately; null once it is over or switched off. */
  warmUp: { day: number; limit: number; usedToday: number } | null
}

type Moments = 'since' | 'nextRetryAt' | 'firstLinkedAt' | 'createdAt' | 'connectedAt' | 'lastActiveAt'

interface SessionFacts extends Omit<SessionView, 'detail' | 'duplicateOf' | 'action' | 'health' | Moments> {
  since: Date
  nextRetryAt: Date | null
  firstLinkedAt: Date | null
  createdAt: Date
  connectedAt: Date | null
  lastActiveAt: Date | null
}

export function viewSession(
  session: SessionFacts,
  health: SessionHealth,
  duplicateOf: DuplicateView | null,
): SessionView {
  return {
    id: session.id,
    locationId: session.locationId,
    label: session.label,
    channel: session.channel,
    status: session.status,
    reason: session.reason,
    detail: describeStatus(session.status, session.reason, duplicateOf),
    duplicateOf,
    since: session.since.toISOString(),
    attempt: session.attempt,
    nextRetryAt: session.nextRetryAt?.toISOString() ?? null,
    action: primaryAction(session.status),
    phone: session.phone,
    pushName: session.pushName,
    platform: session.platform,
    priority: session.priority,
    assignedUserId: session.assignedUserId,
    routesForUser: session.routesForUser,
    givesNewContacts: session.givesNewContacts,
    givesKnownContacts: session.givesKnownContacts,
    accountTag: session.accountTag,
    syncContacts: session.syncContacts,
    syncLabels: session.syncLabels,
    pushTags: session.pushTags,
    health,
    firstLinkedAt: session.firstLinkedAt?.toISOString() ?? null,
    createdAt: session.createdAt.toISOString(),
    connectedAt: session.connectedAt?.toISOString() ?? null,
    lastActiveAt: session.lastActiveAt?.toISOString() ?? null,
  }
}
