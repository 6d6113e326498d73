/**
 * The saved contacts of a session's phone on their way into the CRM. One way, and never a delete. Here are the states of a
 * sync and what people read about them. No I/O.
 */
import type { contactSyncs, SkipReason } from '@/db/schema/contact-sync'
import type { SessionStatus } from '@/db/schema/sessions'
import type { CrmError } from '@/lib/highlevel/highlevel'

export const syncStates = ['off', 'reading', 'ready', 'running', 'waiting', 'done', 'failed'] as const
export type SyncState = (typeof syncStates)[number]

export type ContactSyncRow = typeof contactSyncs.$inferSelect

export interface ContactSyncView {
  state: SyncState
  counts: { new: number; update: number; skipped: number } | null
  progress: { done: number; total: number } | null
  startedAt: string | null
  finishedAt: string | null
  detail: string
  detailCode: SyncDetail
  report: { name: string; phone: string | null; why: string; whyCode: ReportedReason }[]
}

/** What is told of a sync, for texts in another language. */
export const syncDetails = [
  'off',
  'reading',
  'reading_later',
  /** With why, in English only, as the phone's network says it. */
  'unread',
  'comparing',
  'ready',
  'running',
  'waiting',
  'unauthorised',
  'suspended',
  'away',
  'done',
  'failed',
] as const
export type SyncDetail = (typeof syncDetails)[number]

/** Why the CRM takes nothing for now. */
export type CrmProblem = Extract<SyncDetail, 'unauthorised' | 'suspended' | 'away'>

export function problemOf(error: CrmError): CrmProblem {
  return error.kind === 'unauthorised' || error.kind === 'suspended' ? error.kind : 'away'
}

const details: Record<SyncDetail, string> = {
  off: 'Contacts saved on the phone are not brought into the CRM.',
  reading: 'The address book of the phone is being read.',
  reading_later: 'The address book is read as soon as the session is connected.',
  unread: 'The address book could not be read yet. Open WhatsApp on the phone. It is asked again.',
  comparing: 'The saved contacts are being compared with the CRM.',
  ready: 'Nothing has been written yet. Confirm to bring the saved contacts into the CRM.',
  running: 'The saved contacts are being brought into the CRM. You can leave this page.',
  waiting: 'Waiting for the CRM. It goes on by itself.',
  unauthorised: 'The app has to be connected to the CRM again. It goes on by itself after that.',
  suspended: 'The CRM has paused this sub-account. It goes on by itself when it is back.',
  away: 'The CRM does not answer at the moment. It goes on by itself.',
  done: 'The saved contacts are in the CRM. Changes on the phone follow by themselves.',
  failed: 'Something went wrong on our side. Try again; if it happens again, tell support.',
}
export const describeDetail = (code: SyncDetail): string => details[code]

export const nothingSynced: ContactSyncView = {
  state: 'off',
  counts: null,
  progress: null,
  startedAt: null,
  finishedAt: null,
  detail: details.off,
  detailCode: 'off',
  report: [],
}

const whys: Record<SkipReason, string> = {
  no_number: 'WhatsApp does not tell the number of this contact.',
  own_number: 'This is the number of the session itself.',
  deleted_in_crm: 'The contact was deleted in the CRM. It comes back when the person writes.',
  other_session: 'A session with a lower priority number saved another name for this number.',
  several: 'Several contacts in the CRM have this number. The one active last was used.',
  refused: 'The CRM refused this contact. Check the number and the name on the phone.',
  kept_name: 'The CRM has a name of its own for this contact, which was kept.',
  not_saved: 'Not saved on the phone.',
}

export const explain = (why: SkipReason): string => whys[why]

/** Reasons worth a person's look; the others are as they should be. */
export const reported = [
  'several',
  'refused',
  'deleted_in_crm',
  'other_session',
  'no_number',
] as const satisfies readonly SkipReason[]
export type ReportedReason = (typeof reported)[number]

/** `isUnread`: the phone was asked for its address book, and it did not work so far. */
export function detailOf(
  row: Pick<ContactSyncRow, 'state' | 'isRead' | 'problem'>,
  session: { status: SessionStatus },
  isUnread: boolean,
): SyncDetail {
  if (row.state === 'waiting') return row.problem ?? 'waiting'
  if (row.state !== 'reading') return row.state
  if (row.isRead) return row.problem ?? 'comparing'
  if (session.status !== 'connected') return 'reading_later'
  return isUnread ? 'unread' : 'reading'
}
