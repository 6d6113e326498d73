import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { LocationId, PersonId, SessionId } from '@/lib/ids'
import { moment } from './columns'
import { people } from './people'
import { sessions } from './sessions'
import { subAccounts } from './sub-accounts'

const location = () =>
  text('location_id')
    .$type<LocationId>()
    .notNull()
    .references(() => subAccounts.id, { onDelete: 'cascade' })
const person = () =>
  uuid('person_id')
    .$type<PersonId>()
    .notNull()
    .references(() => people.id, { onDelete: 'cascade' })
const session = () =>
  uuid('session_id')
    .$type<SessionId>()
    .notNull()
    .references(() => sessions.id, { onDelete: 'cascade' })

/** How well `people.tags` is known to be what the CRM has. */
export const tagStates = pgTable('tag_states', {
  personId: person().primaryKey(),
  /** Moves with everything that is learned of the contact's tags: what was read before it is out of date. */
  version: integer().notNull().default(0),
  /** The CRM said something that could be out of order: read the contact before anything is concluded. */
  needsRead: boolean('needs_read').notNull().default(false),
  /** By the CRM's clock, of the newest event taken over. */
  toldAt: moment('told_at'),
  /** When the contact was last asked for: what happened before is known. */
  readAt: moment('read_at'),
})

/** Tags the app wants on a contact or off it; gone once the CRM has been told. The account tag is not here: it follows the affinity. */
export const tagWishes = pgTable(
  'tag_wishes',
  {
    personId: person(),
    tag: text().notNull(),
    wanted: boolean().notNull(),
    /** What comes from a label obeys the rules about who added a tag. */
    because: text().$type<'label' | 'shared' | 'account' | 'message'>().notNull(),
    wishedAt: moment('wished_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.personId, t.tag] })],
)

/** The app's own writes, recorded before they leave, so that the CRM's events about them are known for what they are. */
export const tagWrites = pgTable(
  'tag_writes',
  {
    personId: person(),
    tag: text().notNull(),
    added: boolean().notNull(),
    writtenAt: moment('written_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.personId, t.tag] }), index('tag_writes_age').on(t.writtenAt)],
)

/** Tags the app added to a contact because of a label; only these it takes off again. */
export const labelTags = pgTable(
  'label_tags',
  {
    personId: person(),
    tag: text().notNull(),
    addedAt: moment('added_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.personId, t.tag] })],
)

/** A tag that goes both ways: whether it is on, who said so last and when. */
export const sharedTags = pgTable(
  'shared_tags',
  {
    personId: person(),
    tag: text().notNull(),
    isOn: boolean('is_on').notNull(),
    setBy: text('set_by').$type<'crm' | 'phone'>().notNull(),
    setAt: moment('set_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.personId, t.tag] })],
)

/** The labels of a session's account. */
export const labels = pgTable(
  'labels',
  {
    sessionId: session(),
    labelId: text('label_id').notNull(),
    locationId: location(),
    name: text().notNull(),
    color: integer().notNull(),
    /** The tag it is in the CRM. */
    tag: text().notNull(),
    isDeleted: boolean('is_deleted').notNull().default(false),
    /** Ours to make, and nobody has confirmed it yet. */
    isPending: boolean('is_pending').notNull().default(false),
    changedAt: moment('changed_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.labelId] }), index('labels_tag').on(t.sessionId, t.tag)],
)

/** Where labels are put: as the phone said, or as we are about to tell it. */
export const labelMarks = pgTable(
  'label_marks',
  {
    sessionId: session(),
    labelId: text('label_id').notNull(),
    personId: person(),
    isOn: boolean('is_on').notNull(),
    setBy: text('set_by').$type<'crm' | 'phone'>().notNull(),
    setAt: moment('set_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.labelId, t.personId] }), index('label_marks_person').on(t.personId)],
)

/** Tags that are to become labels of a chat, or cease to be; gone once the phone has been told. */
export const labelWishes = pgTable(
  'label_wishes',
  {
    sessionId: session(),
    personId: person(),
    tag: text().notNull(),
    wanted: boolean().notNull(),
    wishedAt: moment('wished_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.personId, t.tag] }), index('label_wishes_person').on(t.personId)],
)

export type LabelSyncState = 'off' | 'reading' | 'ready' | 'running' | 'waiting' | 'done' | 'failed'

/** The name of a label that was one too many follows. */
export type LabelNotice = `too_many:${string}` | 'refused'

/** How far a session's label sync is, as its page shows it. */
export const labelSyncs = pgTable('label_syncs', {
  sessionId: session().primaryKey(),
  state: text().$type<LabelSyncState>().notNull(),
  counts: jsonb().$type<{ labels: number; contacts: number; added: number }>(),
  /** What could not be done. */
  notice: text().$type<LabelNotice>(),
  changedAt: moment('changed_at').notNull(),
})

/** Conversations of a number that no session has now: they follow the number when it is linked again. */
export const keptAffinities = pgTable(
  'kept_affinities',
  {
    personId: person().primaryKey(),
    locationId: location(),
    phone: text().notNull(),
    setAt: moment('set_at').notNull(),
    locked: boolean().notNull().default(false),
  },
  (t) => [index('kept_affinities_phone').on(t.locationId, t.phone)],
)
