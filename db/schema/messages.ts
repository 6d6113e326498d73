import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type {
  ChatId,
  ContactId,
  CrmMessageId,
  LocationId,
  MessageId,
  PartId,
  PersonId,
  RemoteId,
  SessionId,
  UserId,
} from '@/lib/ids'
import { bytea, moment } from './columns'
import { people, chats } from './people'
import { sessions } from './sessions'
import { subAccounts } from './sub-accounts'

/**
 * `received`: stored, not bound to a session yet. `held` is not a stored status: it is `queued` seen while its session
 * reconnects. What the CRM is told of them only moves forward; `sending` that certainly did not leave is `queued` again.
 */
export type MessageStatus = 'received' | 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

/** Who started the message: the CRM's composer or a workflow, our own API, the person, or the session's phone. */
export type MessageOrigin = 'crm' | 'api' | 'person' | 'phone'

/** A session that was not taken, as it was called then. */
export interface PassedOver {
  session: SessionId
  label: string
  priority: number
  /** Its status, `capped`, or `no_return` when it was waited for in vain. */
  why: string
}

export interface RoutingTrace {
  /** Rule of ROUTING.md §3, or 0 while none has decided. */
  rule: number
  session: SessionId | null
  priority: number | null
  skipped: (PassedOver & { rule: number })[]
  /** The routing code as written, without the rest of the text. */
  code: string | null
  warnings: string[]
  /** How long it waited for its session to come back; null: it did not. */
  holdMs: number | null
  /** The session it would have left on, had that been able to send. */
  fallbackFrom: PassedOver | null
  /** The sentence a person reads. */
  text: string
}

export const messages = pgTable(
  'messages',
  {
    id: uuid().$type<MessageId>().primaryKey(),
    locationId: text('location_id')
      .$type<LocationId>()
      .notNull()
      .references(() => subAccounts.id, { onDelete: 'cascade' }),
    direction: text().$type<'inbound' | 'outbound'>().notNull(),
    origin: text().$type<MessageOrigin>().notNull(),
    personId: uuid('person_id')
      .$type<PersonId>()
      .references(() => people.id, { onDelete: 'set null' }),
    contactId: text('contact_id').$type<ContactId>(),
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .references(() => sessions.id, { onDelete: 'set null' }),
    chatId: uuid('chat_id')
      .$type<ChatId>()
      .references(() => chats.id, { onDelete: 'set null' }),
    /** The CRM's id: given with what it asks us to deliver, answered to what we push. */
    crmMessageId: text('crm_message_id').$type<CrmMessageId>(),
    /** The network's id of a message heard (origin person or phone). */
    remoteId: text('remote_id').$type<RemoteId>(),
    userId: text('user_id').$type<UserId>(),
    toPhone: text('to_phone'),
    /** Sealed JSON: `{ text, attachments[] }` as written (outbound) or the Content heard (inbound). */
    bodySealed: bytea('body_sealed').notNull(),
    status: text().$type<MessageStatus>().notNull(),
    failureCode: text('failure_code'),
    failureMessage: text('failure_message'),
    trace: jsonb().$type<RoutingTrace>(),
    /** How far the status shown in the CRM has come. */
    pushedStatus: text('pushed_status').$type<'delivered' | 'read' | 'failed'>(),
    /** Since when it waits for its session to come back, and how long it may; null while it does not. */
    heldAt: moment('held_at'),
    holdMs: integer('hold_ms'),
    /** An unsigned delivery that must be read back from the CRM before anything is sent. */
    readBack: text('read_back').$type<'needed' | 'done'>(),
    /** When it was written on its own bank. */
    occurredAt: moment('occurred_at').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('messages_crm').on(t.locationId, t.crmMessageId),
    // What was heard is stored once; our own messages have no remote id, and are in it for whoever looks for a chat's.
    uniqueIndex('messages_remote')
      .on(t.chatId, t.remoteId)
      .where(sql`${t.chatId} is not null`),
    index('messages_location').on(t.locationId, t.id),
    index('messages_person').on(t.personId, t.id),
    index('messages_session').on(t.sessionId, t.id),
    index('messages_held')
      .on(t.heldAt)
      .where(sql`${t.heldAt} is not null`),
  ],
)

export type PartState = 'queued' | 'sending' | 'accepted' | 'delivered' | 'read' | 'failed'

/** One message as the network sees it. The remote id is minted with the row; every attempt uses it. */
export const parts = pgTable(
  'parts',
  {
    id: uuid().$type<PartId>().primaryKey(),
    messageId: uuid('message_id')
      .$type<MessageId>()
      .notNull()
      .references(() => messages.id, { onDelete: 'cascade' }),
    locationId: text('location_id').$type<LocationId>().notNull(),
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    chatId: uuid('chat_id')
      .$type<ChatId>()
      .notNull()
      .references(() => chats.id, { onDelete: 'cascade' }),
    seq: bigint({ mode: 'number' }).notNull(),
    remoteId: text('remote_id').$type<RemoteId>().notNull(),
    contentSealed: bytea('content_sealed').notNull(),
    /** The bytes of the first attempt, sealed; every later one sends the same. */
    preparedSealed: bytea('prepared_sealed'),
    state: text().$type<PartState>().notNull().default('queued'),
    /** The lease under which it was last written to the network; `sending` under an older one is in doubt. */
    epoch: bigint({ mode: 'number' }),
    attempts: integer().notNull().default(0),
    sentAt: moment('sent_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('parts_remote').on(t.sessionId, t.remoteId),
    uniqueIndex('parts_seq').on(t.chatId, t.seq),
    index('parts_message').on(t.messageId),
  ],
)
