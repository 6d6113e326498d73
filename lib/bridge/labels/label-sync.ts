/** The labels of a session's phone and the tags of contacts: what people read about how they follow each other. No I/O. */
import { randomInt } from 'node:crypto'
import type { LabelNotice, LabelSyncState } from '@/db/schema/tags'
import type { SessionRow } from '../reach'

export interface LabelSyncView {
  state: LabelSyncState
  /** Whether the account has labels at all; `why` tells if not. */
  available: boolean
  why: string | null
  counts: { labels: number; contacts: number; added: number } | null
  detail: string
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

/** Null where labels can be synced. */
export function whyNoLabels(session: Pick<SessionRow, 'platform' | 'isLinked'>): string | null {
  if (session.platform === 'consumer')
    return 'The phone of this session uses WhatsApp Messenger. Only WhatsApp Business has labels.'
  if (!session.isLinked || session.platform === null)
    return 'No phone is linked to this session. Link one that uses WhatsApp Business.'
  return null
}

export function describeLabelSync(
  state: LabelSyncState,
  session: Pick<SessionRow, 'status'>,
  problem: string | null,
): string {
  const sentences: Record<LabelSyncState, string> = {
    off: 'Labels of the phone do not become tags.',
    reading:
      session.status === 'connected'
        ? (problem ?? 'The labels of the phone are being read.')
        : 'The labels are read as soon as the session is connected.',
    ready: 'Nothing has been written yet. Confirm to bring the labels into the CRM as tags.',
    running: 'The labels are being brought into the CRM. You can leave this page.',
    waiting: 'Waiting for the CRM. It goes on by itself.',
    done: 'Labels of the phone become tags in the CRM, and changes follow by themselves.',
    failed: problem ?? 'Something went wrong on our side. Try again; if it happens again, tell support.',
  }
  return sentences[state]
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
