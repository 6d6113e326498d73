import { sql } from 'drizzle-orm'
import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { ContactId, LocationId, SessionId } from '@/lib/ids'
import { moment } from './columns'
import { sessions } from './sessions'
import { subAccounts } from './sub-accounts'

const ofSession = () =>
  uuid('session_id')
    .$type<SessionId>()
    .notNull()
    .references(() => sessions.id, { onDelete: 'cascade' })
const ofSubAccount = () =>
  text('location_id')
    .$type<LocationId>()
    .notNull()
    .references(() => subAccounts.id, { onDelete: 'cascade' })

/** What the owner of a session has yet to read from the phone: gone when all of it has been heard. */
export const bookRequests = pgTable(
  'book_requests',
  {
    sessionId: ofSession(),
    what: text().$type<'contacts' | 'labels'>().notNull(),
    askedAt: moment('asked_at').notNull().defaultNow(),
    /** Why it could not be read so far, for people. */
    problem: text(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.what] })],
)

/** How the saved contacts of one session get into the CRM. One row per session whose switch was ever touched. */
export const contactSyncs = pgTable('contact_syncs', {
  sessionId: ofSession().primaryKey(),
  locationId: ofSubAccount(),
  state: text().$type<'off' | 'reading' | 'ready' | 'running' | 'waiting' | 'done' | 'failed'>().notNull(),
  /** Counts the readings of the whole book: what a reading did not bring is not saved any more. */
  reading: integer().notNull().default(0),
  /** The book has been heard to its end and is to be compared with the CRM. */
  isRead: boolean('is_read').notNull().default(false),
  countNew: integer('count_new'),
  countUpdate: integer('count_update'),
  countSkipped: integer('count_skipped'),
  /** Of the run: how many saved contacts were due when it began. */
  total: integer(),
  /** Why the CRM takes nothing for now. */
  problem: text().$type<'unauthorised' | 'suspended' | 'away'>(),
  /** A delivery is on its way for what is due; under this row's lock. */
  isAtWork: boolean('is_at_work').notNull().default(false),
  /** Numbers the deliveries. */
  turn: integer().notNull().default(0),
  startedAt: moment('started_at'),
  /** When the run ended, or the comparison nobody has confirmed yet. */
  finishedAt: moment('finished_at'),
})

/** One entry of a phone's address book, or (`isSaved` false) a chat without one. */
export const savedContacts = pgTable(
  'saved_contacts',
  {
    sessionId: ofSession(),
    /** The number where it is known, else the channel's address. */
    key: text().notNull(),
    locationId: ofSubAccount(),
    phone: text(),
    aliases: jsonb().$type<string[]>().notNull().default([]),
    /** As saved on the phone; null: removed there. */
    name: text(),
    isSaved: boolean('is_saved').notNull().default(true),
    reading: integer().notNull(),
    /** Has to be brought into the CRM. */
    isDue: boolean('is_due').notNull().default(false),
    /** Counts for the progress of the run as long as it is due. */
    inRun: boolean('in_run').notNull().default(false),
    plan: text().$type<'create' | 'update' | 'skip'>(),
    /** Contacts of the CRM that could be this person, where there is more than one. */
    candidates: jsonb().$type<ContactId[]>(),
    /** A name that was about to be written when somebody last began. */
    triedName: text('tried_name'),
    contactId: text('contact_id').$type<ContactId>(),
    outcome: text().$type<'created' | 'updated' | 'same' | 'skipped'>(),
    why: text().$type<SkipReason>(),
  },
  (t) => [
    primaryKey({ columns: [t.sessionId, t.key] }),
    index('saved_contacts_due')
      .on(t.sessionId, t.key)
      .where(sql`${t.isDue}`),
    index('saved_contacts_why')
      .on(t.sessionId)
      .where(sql`${t.why} is not null`),
    index('saved_contacts_phone').on(t.locationId, t.phone),
    index('saved_contacts_contact').on(t.locationId, t.contactId),
  ],
)

export type SkipReason =
  'no_number' | 'own_number' | 'deleted_in_crm' | 'other_session' | 'several' | 'refused' | 'kept_name' | 'not_saved'

/** The name the app wrote to a contact last: one that is still there may be replaced. */
export const writtenNames = pgTable(
  'written_names',
  {
    locationId: ofSubAccount(),
    contactId: text('contact_id').$type<ContactId>().notNull(),
    name: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.locationId, t.contactId] })],
)

/** Numbers whose contact was deleted in the CRM: not made again by a sync, only by the person writing. */
export const deletedContacts = pgTable(
  'deleted_contacts',
  {
    locationId: ofSubAccount(),
    phone: text().notNull(),
    at: moment('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.locationId, t.phone] })],
)
