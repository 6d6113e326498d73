/** Tags as the CRM compares them, and what is concluded from their changes. No I/O. */
import type { SessionId } from '@/lib/ids'
import type { Settings } from '../sub-account/settings'

/** The CRM keeps tags in lower case; inner spaces are collapsed so that what looks equal is equal. */
export const tidyTag = (text: string) => text.trim().replaceAll(/\s+/gu, ' ').toLowerCase()
export const tidyTags = (tags: readonly string[]) => [...new Set(tags.map(tidyTag).filter((tag) => tag !== ''))]

export interface TagChanges {
  added: string[]
  removed: string[]
}

export function compareTags(before: readonly string[], after: readonly string[]): TagChanges {
  const [had, has] = [new Set(before), new Set(after)]
  return { added: after.filter((tag) => !had.has(tag)), removed: before.filter((tag) => !has.has(tag)) }
}

/** A write of the app's own that the CRM may still be telling about. */
export interface OwnWrite {
  tag: string
  added: boolean
}

/** How long the CRM may take to tell about a write. */
export const ownWriteForMs = 600_000

/** Whether a change the CRM tells of is the app's own write coming back. */
export function isTagEcho(writes: readonly OwnWrite[], tag: string, added: boolean): boolean {
  return writes.some((write) => write.tag === tag && write.added === added)
}

export const accountTagPrefix = 'wa-account-'
const reserved = new Set(['wa-contact', 'wa-group', 'wa-inbound', 'wa-phone-reply', 'wa-ad'])

/** Names that mean something to the app itself, whoever gives them. */
function isReservedTag(tag: string, accountTags: Iterable<string>, settings: Settings): boolean {
  if (tag.startsWith(accountTagPrefix) || reserved.has(tag)) return true
  if ([settings.contactTag, settings.inboundTag, settings.phoneReplyTag].includes(tag)) return true
  for (const accountTag of accountTags) if (accountTag === tag) return true
  return false
}

/** The tag a label is in the CRM; empty when its name has nothing a tag could hold. */
export function tagOfLabel(name: string, accountTags: Iterable<string>, settings: Settings): string {
  const tag = tidyTag(`${settings.labelPrefix}${tidyTag(name)}`)
  return tag !== '' && isReservedTag(tag, accountTags, settings) ? `label-${tag}` : tag
}

/** Whether people chose this tag to become a label. */
export function isPushedTag(tag: string, accountTags: Iterable<string>, settings: Settings): boolean {
  const prefix = tidyTag(settings.pushedTagPrefix)
  const isChosen = settings.pushedTags.some((one) => tidyTag(one) === tag) || (prefix !== '' && tag.startsWith(prefix))
  return isChosen && !isReservedTag(tag, accountTags, settings)
}

export interface TaggedSession {
  id: SessionId
  priority: number
  accountTag: string | null
}

/**
 * What a change of a contact's tags by somebody else says about their session: another one, none (null), or nothing
 * (undefined). The newest account tag wins; of several new ones, or of those left, the one with the lowest priority number.
 */
export function sessionOfTags(
  sessions: readonly TaggedSession[],
  facts: { now: readonly string[]; changes: TagChanges; current: SessionId | null },
): SessionId | null | undefined {
  const byPriority = [...sessions].sort((a, b) => a.priority - b.priority)
  const first = (tags: readonly string[]) =>
    byPriority.find((session) => session.accountTag !== null && tags.includes(session.accountTag))
  const added = first(facts.changes.added)
  if (added) return added.id
  const current = sessions.find((session) => session.id === facts.current)
  if (!current?.accountTag || !facts.changes.removed.includes(current.accountTag)) return undefined
  return first(facts.now)?.id ?? null
}

/** `wa-account-` and what of the name can be in a tag; a number where the name is taken or leaves nothing. */
export function accountTagOf(label: string, taken: Iterable<string>): string {
  const slug = label
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  const others = new Set(taken)
  const base = `${accountTagPrefix}${slug || 'session'}`
  let tag = base
  for (let n = 2; others.has(tag); n++) tag = `${base}-${n}`
  return tag
}
