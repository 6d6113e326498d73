import { sql } from 'drizzle-orm'
import { bigint, boolean, index, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { ChannelName } from '@/lib/channel/kinds'
import type { Address, ChatId, ContactId, LocationId, PersonId, SessionId, UserId } from '@/lib/ids'
import { moment } from './columns'
import { sessions } from './sessions'
import { subAccounts } from './sub-accounts'

/**
 * A person of a sub-account: a CRM contact joined to the addresses we know. `contactId` is null from the first message heard
 * until the contact was found or created in the CRM. The affinity is the session this person's conversation stays on.
 */
export const people = pgTable(
  'people',
  {
    id: uuid().$type<PersonId>().primaryKey(),
    locationId: text('location_id')
      .$type<LocationId>()
      .notNull()
      .references(() => subAccounts.id, { onDelete: 'cascade' }),
    contactId: text('contact_id').$type<ContactId>(),
    conversationId: text('conversation_id'),
    phone: text(),
    name: text(),
    /** The CRM's do-not-disturb for this kind of message; null: not known yet, ask before sending. */
    dnd: boolean(),
    /** As the CRM has them, in its lower case; null: not known yet. */
    tags: text().array(),
    /** The user the CRM has assigned the contact to. */
    ownerUserId: text('owner_user_id').$type<UserId>(),
    /** As of when do-not-disturb and owner are known to be so; null: ask the CRM before sending. */
    factsAt: moment('facts_at'),
    /** Whether the person ever wrote to any session. */
    hasWritten: boolean('has_written').notNull().default(false),
    lastWroteAt: moment('last_wrote_at'),
    /** The session their last message was heard on, which may be gone by now. */
    lastWroteTo: uuid('last_wrote_to').$type<SessionId>(),
    affinitySessionId: uuid('affinity_session_id')
      .$type<SessionId>()
      .references(() => sessions.id, { onDelete: 'set null' }),
    affinitySetBy: text('affinity_set_by').$type<'inbound' | 'outbound' | 'phone' | 'tag' | 'user' | 'rule'>(),
    affinitySetAt: moment('affinity_set_at'),
    /** Chosen by a person in the app: what is written or heard does not move it. */
    affinityLocked: boolean('affinity_locked').notNull().default(false),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('people_contact').on(t.locationId, t.contactId),
    index('people_affinity').on(t.affinitySessionId),
  ],
)

/** Every address of a person, in every sub-account once. */
export const personAddresses = pgTable(
  'person_addresses',
  {
    locationId: text('location_id')
      .$type<LocationId>()
      .notNull()
      .references(() => subAccounts.id, { onDelete: 'cascade' }),
    channel: text().$type<ChannelName>().notNull(),
    address: text().$type<Address>().notNull(),
    personId: uuid('person_id')
      .$type<PersonId>()
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
  },
  (t) => [
    primaryKey({ columns: [t.locationId, t.channel, t.address] }),
    index('person_addresses_person').on(t.personId),
  ],
)

/** One session's conversation with one person: where order is counted. */
export const chats = pgTable(
  'chats',
  {
    id: uuid().$type<ChatId>().primaryKey(),
    locationId: text('location_id').$type<LocationId>().notNull(),
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    personId: uuid('person_id')
      .$type<PersonId>()
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    /** Where to send: the network's own name for the person once it told us, else the one made from the phone number. */
    address: text().$type<Address>().notNull(),
    /** Whether the network knows the person: heard from them, or asked. Null: not asked yet. */
    reachable: boolean(),
    checkedAt: moment('checked_at'),
    /** When we first wrote to somebody who had never written: what a new number's warm-up counts. */
    openedAt: moment('opened_at'),
    nextSeq: bigint('next_seq', { mode: 'number' }).notNull().default(1),
  },
  (t) => [
    uniqueIndex('chats_person').on(t.sessionId, t.personId),
    index('chats_of_person').on(t.personId),
    index('chats_opened')
      .on(t.sessionId, t.openedAt)
      .where(sql`${t.openedAt} is not null`),
  ],
)
