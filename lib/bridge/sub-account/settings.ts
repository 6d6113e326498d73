/** What an agency sets for a sub-account. Absent keys mean the default, so a new setting needs no migration. No I/O. */
import type { SessionId, UserId } from '@/lib/ids'
import type { MailLanguage } from '../alert/mail-texts'

export interface RoutingRule {
  id: string
  session: SessionId
  /** `new`: only while the contact's conversation is on no session. */
  appliesTo: 'new' | 'always'
  /** All that are given must hold; an empty list is not given. */
  when: {
    /** ISO 3166 alpha-2, upper case, of the contact's number. */
    countries: string[]
    /** Any of these tags on the contact, lower case. */
    tags: string[]
    /** The sender of the message, or the owner of the contact. */
    senders: UserId[]
    owners: UserId[]
    written: 'any' | 'by_people' | 'automated'
  }
}

export interface Settings {
  sessionChoice: 'keep_contact_session' | 'owner_first' | 'sender_first'
  whenContactSessionIsDown: 'fail' | 'fallback'
  codeFallback: boolean
  codeRepins: boolean
  /** `{WA#n}`, `{{ WA#n }}` and `#WA#n` are read as priority n. */
  migrationAliases: boolean
  /** 0 to 60. */
  holdMinutes: number
  tagMode: 'follow' | 'pin' | 'off'
  rules: RoutingRule[]
  /** Messages one session sends at most; null: no limit. */
  hourlyCap: number | null
  dailyCap: number | null
  /** A number linked lately writes to few new contacts a day. */
  warmUp: boolean
  /** Saved contacts. */
  namePolicy: 'fill_empty' | 'phone_wins'
  /** The tag of contacts the sync wrote; empty: none. */
  contactTag: string
  includeUnsavedChats: boolean
  /** The tags of contacts who wrote here, and of those answered on the phone; empty: none. */
  inboundTag: string
  phoneReplyTag: string
  /** Put before each tag that comes from a label. */
  labelPrefix: string
  /** Tags that become labels: these, and those that begin with the prefix (empty: none). */
  pushedTags: string[]
  pushedTagPrefix: string
  inboundLabel: 'on_change' | 'never' | 'prefix_each'
  /** Who is told by e-mail when a session needs somebody. */
  alertEmails: string[]
  /** What those mails are written in. */
  language: MailLanguage
}

export const defaultSettings: Settings = {
  sessionChoice: 'keep_contact_session',
  whenContactSessionIsDown: 'fail',
  codeFallback: false,
  codeRepins: false,
  migrationAliases: false,
  holdMinutes: 10,
  tagMode: 'follow',
  rules: [],
  hourlyCap: 600,
  dailyCap: null,
  warmUp: true,
  namePolicy: 'fill_empty',
  contactTag: 'wa-contact',
  includeUnsavedChats: false,
  inboundTag: 'wa-inbound',
  phoneReplyTag: 'wa-phone-reply',
  labelPrefix: '',
  pushedTags: [],
  pushedTagPrefix: '',
  inboundLabel: 'on_change',
  alertEmails: [],
  language: 'en',
}

/** Of a sub-account's row, whose settings were validated when they were written. */
export function settingsOf(row: { settings: Record<string, unknown> }): Settings {
  return { ...defaultSettings, ...(row.settings as Partial<Settings>) }
}
