import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { ChannelName } from '@/lib/channel/kinds'
import type { Address, LocationId, SessionId, UserId } from '@/lib/ids'
import { bytea, moment } from './columns'
import { subAccounts } from './sub-accounts'

export type SessionStatus =
  | 'created'
  | 'starting'
  | 'awaiting_link'
  | 'linking'
  | 'connected'
  | 'reconnecting'
  | 'stopped'
  | 'logged_out'
  | 'banned'
  | 'failed'
  | 'suspended'

/** What people asked for; `status` is what is. `removed`: unlink, then erase the row. */
export type SessionWanted = 'connected' | 'closed' | 'unlinked' | 'removed'

export const sessions = pgTable(
  'sessions',
  {
    id: uuid().$type<SessionId>().primaryKey(),
    locationId: text('location_id')
      .$type<LocationId>()
      .notNull()
      .references(() => subAccounts.id, { onDelete: 'cascade' }),
    channel: text().$type<ChannelName>().notNull(),
    label: text().notNull(),
    priority: integer().notNull(),
    wanted: text().$type<SessionWanted>().notNull(),
    /** Counts the times a person asked anew (link, start): a worker that has seen a lower number acts again. */
    wish: integer().notNull().default(1),
    status: text().$type<SessionStatus>().notNull(),
    reason: text(),
    /** The session that has the number which was scanned here, where that is the reason. */
    duplicateOf: uuid('duplicate_of').$type<SessionId>(),
    attempt: integer().notNull().default(0),
    nextRetryAt: moment('next_retry_at'),
    since: moment('since').notNull().defaultNow(),
    /** While `status` is suspended: since when, and what it would be otherwise. `wanted` and the link stay what they are. */
    suspendedAt: moment('suspended_at'),
    underStatus: text('under_status').$type<SessionStatus>(),
    underReason: text('under_reason'),
    /** Suspended for so long that it is not connected any more. */
    hungUpAt: moment('hung_up_at'),
    /** A device of ours is linked at the network, so that giving the session up means unlinking it. */
    isLinked: boolean('is_linked').notNull().default(false),
    /** E.164 of the linked number; kept after a log-out, so that a re-link with another number is noticed. */
    phone: text(),
    aliases: jsonb().$type<Address[]>().notNull().default([]),
    pushName: text('push_name'),
    platform: text().$type<'business' | 'consumer'>(),
    /** A request for a pairing code the worker has not answered yet: the phone to pair with. */
    codePhone: text('code_phone'),
    codeAskedAt: moment('code_asked_at'),
    assignedUserId: text('assigned_user_id').$type<UserId>(),
    /** What the assigned user means: their messages leave here, new contacts become theirs, known ones do too. */
    routesForUser: boolean('routes_for_user').notNull().default(true),
    givesNewContacts: boolean('gives_new_contacts').notNull().default(true),
    givesKnownContacts: text('gives_known_contacts')
      .$type<'never' | 'if_unassigned' | 'always'>()
      .notNull()
      .default('never'),
    syncContacts: boolean('sync_contacts').notNull().default(false),
    syncLabels: boolean('sync_labels').notNull().default(false),
    /** CRM tags become labels (the other direction of label sync). */
    pushTags: boolean('push_tags').notNull().default(false),
    /** The tag that contacts on this session carry in the CRM; lower case, unique in the sub-account. */
    accountTag: text('account_tag'),
    /** When this number was first linked: what the warm-up counts from. */
    firstLinkedAt: moment('first_linked_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    connectedAt: moment('connected_at'),
    lastActiveAt: moment('last_active_at'),
  },
  (t) => [
    uniqueIndex('sessions_label').on(t.locationId, sql`lower(${t.label})`),
    uniqueIndex('sessions_account_tag').on(t.locationId, t.accountTag),
    uniqueIndex('sessions_priority').on(t.locationId, t.priority),
    index('sessions_phone').on(t.phone),
  ],
)

/**
 * Who may hold a session's line, until when, and under which number. A row of its own, so that renewing it every few
 * seconds never waits for a change of the session. The unique index on (session, epoch) makes the epoch a key column:
 * writers fence themselves with FOR KEY SHARE, which a renewal (no key changes) passes and a takeover waits for.
 */
export const leases = pgTable(
  'leases',
  {
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .primaryKey()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    owner: text(),
    epoch: bigint({ mode: 'number' }).notNull().default(0),
    leaseUntil: moment('lease_until')
      .notNull()
      .default(sql`'-infinity'`),
  },
  (t) => [uniqueIndex('leases_epoch').on(t.sessionId, t.epoch), index('leases_until').on(t.leaseUntil)],
)

/** What a person must scan or type now; gone on scan, expiry or cancel. */
export const pairings = pgTable('pairings', {
  sessionId: uuid('session_id')
    .$type<SessionId>()
    .primaryKey()
    .references(() => sessions.id, { onDelete: 'cascade' }),
  kind: text().$type<'qr' | 'code'>().notNull(),
  textSealed: bytea('text_sealed').notNull(),
  expiresAt: moment('expires_at').notNull(),
})
