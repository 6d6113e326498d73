/** The labels of a session's phone and the tags of contacts: what people read about how they follow each other. No I/O. */
import { randomInt } from 'node:crypto'
import type { LabelNotice, LabelSyncState } from '@/db/schema/tags'
import type { CrmProblem, SyncDetail } from '../contact-sync/contact-sync'
import type { SessionRow } from '../reach'

export interface LabelSyncView {
  state: LabelSyncState
  /** Whether the account has labels at all; `why` tells if not. */
  available: boolean
  why: string | null
  whyCode: NoLabelsCode | null
  counts: { labels: number; contacts: number; added: number } | null
  detail: string
  detailCode: LabelDetail
  /** What could not be done since somebody last turned a switch of it. */
  notice: { code: LabelNoticeCode; label: string | null; text: string } | null
  labels: { name: string; tag: string; contacts: number }[]
}

/** `too_many` comes with the name of the label that was not made. */
export const labelNoticeCodes = ['too_many', 'refused'] as const
export type LabelNoticeCode = (typeof labelNoticeCodes)[number]

/** As many as a WhatsApp account can have. */
export const mostLabels = 20
/** Of two changes that contradict each other within so long, the CRM's counts. */
export const conflictMs = 10_000

export const noLabelsCodes = ['consumer', 'no_phone'] as const
export type NoLabelsCode = (typeof noLabelsCodes)[number]

/** Null where labels can be synced. */
export function whyNoLabels(session: Pick<SessionRow, 'platform' | 'isLinked'>): NoLabelsCode | null {
  if (session.platform === 'consumer') return 'consumer'
  return !session.isLinked || session.platform === null ? 'no_phone' : null
}

export const describeNoLabels = (code: NoLabelsCode): string =>
  ({
    consumer: 'The phone of this session uses WhatsApp Messenger. Only WhatsApp Business has labels.',
    no_phone: 'No phone is linked to this session. Link one that uses WhatsApp Business.',
  })[code]

export type LabelDetail = Exclude<SyncDetail, 'comparing' | CrmProblem>
const details: Record<LabelDetail, string> = {
  off: 'Labels of the phone do not become tags.',
  reading: 'The labels of the phone are being read.',
  reading_later: 'The labels are read as soon as the session is connected.',
  unread: 'The labels could not be read yet. Open WhatsApp on the phone. It is asked again.',
  ready: 'Nothing has been written yet. Confirm to bring the labels into the CRM as tags.',
  running: 'The labels are being brought into the CRM. You can leave this page.',
  waiting: 'Waiting for the CRM. It goes on by itself.',
  done: 'Labels of the phone become tags in the CRM, and changes follow by themselves.',
  failed: 'Something went wrong on our side. Try again; if it happens again, tell support.',
}
export const labelDetails = Object.keys(details) as LabelDetail[]
export const describeLabelDetail = (code: LabelDetail): string => details[code]

/** `isUnread`: the phone was asked for its labels, and it did not work so far. */
export function labelDetailOf(
  state: LabelSyncState,
  session: Pick<SessionRow, 'status'>,
  isUnread: boolean,
): LabelDetail {
  if (state !== 'reading') return state
  if (session.status !== 'connected') return 'reading_later'
  return isUnread ? 'unread' : 'reading'
}

export function describeLabelNotice(notice: LabelNotice): NonNullable<LabelSyncView['notice']> {
  if (notice === 'refused')
    return { code: 'refused', label: null, text: 'Some tags could not become labels: WhatsApp refused them.' }
  const label = notice.slice('too_many:'.length)
  const text = `The label "${label}" was not made: the phone has ${mostLabels}, the most there can be. Delete one you do not need.`
  return { code: 'too_many', label, text }
}

/** What a label that stands for a tag is called on the phone. */
export function labelOfTag(tag: string, prefix: string): string {
  const tidy = prefix.trim().toLowerCase()
  return tidy !== '' && tag.startsWith(tidy) && tag.length > tidy.length ? tag.slice(tidy.length).trim() : tag
}

/**
 * Phones count their labels up, so one that makes a label at this moment gives it the next small number. Ours are out of that
 * way: two labels with one id would be one label, under the later name.
 */
export function newLabelId(used: readonly string[]): string {
  for (;;) {
    const id = String(randomInt(10_000, 1_000_000_000))
    if (!used.includes(id)) return id
  }
}
