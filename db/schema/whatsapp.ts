import { index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { SessionId } from '@/lib/ids'
import { bytea, moment } from './columns'
import { sessions } from './sessions'

/** A linked device's credentials, sealed. Only the WhatsApp channel reads these three tables. */
export const whatsappCredentials = pgTable('whatsapp_credentials', {
  sessionId: uuid('session_id')
    .$type<SessionId>()
    .primaryKey()
    .references(() => sessions.id, { onDelete: 'cascade' }),
  sealed: bytea().notNull(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
})

/** Signal keys and other state the library keeps by type and id, sealed. */
export const whatsappKeys = pgTable(
  'whatsapp_keys',
  {
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    type: text().notNull(),
    id: text().notNull(),
    sealed: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.type, t.id] })],
)

/** Decrypted messages the product has not heard yet: committed with the ratchet step, before the receipt leaves. */
export const whatsappInbox = pgTable(
  'whatsapp_inbox',
  {
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** SHA-256 of the ciphertext, hex: the same ciphertext delivered again is served from here. */
    id: text().notNull(),
    /** Sealed envelope and plaintext. */
    sealed: bytea().notNull(),
    receivedAt: moment('received_at').notNull().defaultNow(),
    /** Heard rows are kept a while to answer redeliveries, then swept. */
    heardAt: moment('heard_at'),
  },
  // By when it came, not when it was heard: that is written to every row, which an index on it would make twice the work.
  (t) => [primaryKey({ columns: [t.sessionId, t.id] }), index('whatsapp_inbox_received').on(t.receivedAt)],
)
