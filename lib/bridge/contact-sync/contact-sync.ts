/**
 * The saved contacts of a session's phone on their way into the CRM. One way, and never a delete. Here are the states of a
 * sync and what people read about them. No I/O.
 */
import type { contactSyncs, SkipReason } from '@/db/schema/contact-sync'
import type { SessionStatus } from '@/db/schema/sessions'

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
  report: { name: string; phone: string | null; why: string }[]
}

export const nothingSynced: ContactSyncView = {
  state: 'off',
  counts: null,
  progress: null,
  startedAt: null,
  finishedAt: null,
  detail: 'Contacts saved on the phone are not brought into the CRM.',
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
export const reported: readonly SkipReason[] = ['several', 'refused', 'deleted_in_crm', 'other_session', 'no_number']

export function describeSync(
  row: Pick<ContactSyncRow, 'state' | 'isRead' | 'problem'>,
  session: { status: SessionStatus; syncContacts: boolean },
  bookProblem: string | null,
): string {
  switch (row.state) {
    case 'off':
      return nothingSynced.detail
    case 'reading':
      if (row.isRead) return row.problem ?? 'The saved contacts are being compared with the CRM.'
      if (session.status !== 'connected') return 'The address book is read as soon as the session is connected.'
      return bookProblem ?? 'The address book of the phone is being read.'
    case 'ready':
      return 'Nothing has been written yet. Confirm to bring the saved contacts into the CRM.'
    case 'running':
      return 'The saved contacts are being brought into the CRM. You can leave this page.'
    case 'waiting':
      return row.problem ?? 'Waiting for the CRM. It goes on by itself.'
    case 'done':
      return 'The saved contacts are in the CRM. Changes on the phone follow by themselves.'
    case 'failed':
      return row.problem ?? 'Something went wrong on our side. Try again; if it happens again, tell support.'
  }
}
