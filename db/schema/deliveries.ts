import { bigint, bigserial, boolean, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import type { DeliveryId, LocationId, SessionId } from '@/lib/ids'
import { moment } from './columns'
import { sessions } from './sessions'
import { subAccounts } from './sub-accounts'

export type DeliveryKind =
  'send' | 'route' | 'push' | 'received' | 'complete' | 'status' | 'assign' | 'note' | 'contacts' | 'tag' | 'label'

/**
 * Deliveries that keep their order. A lane is what is claimed: whoever holds it works its oldest unfinished delivery, so one
 * lane never has two in flight. Lanes with a session are served by that session's owner under its epoch, the others by any
 * worker until `busyUntil`.
 */
export const lanes = pgTable(
  'lanes',
  {
    id: text().primaryKey(),
    locationId: text('location_id')
      .$type<LocationId>()
      .notNull()
      .references(() => subAccounts.id, { onDelete: 'cascade' }),
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** Lower goes first among lanes that are due. */
    rank: integer().notNull().default(0),
    /** When its head may be worked; infinity while it is empty. */
    dueAt: moment('due_at').notNull().defaultNow(),
    /** Counts claims. */
    turn: bigint({ mode: 'number' }).notNull().default(0),
    /** Who works its head now. */
    busyBy: text('busy_by'),
    /** The epoch it was claimed under (session lanes). */
    busyEpoch: bigint('busy_epoch', { mode: 'number' }),
    /** From then on another worker may take it (lanes without a session). */
    busyUntil: moment('busy_until'),
  },
  (t) => [
    // Read in the order of claims: a bulk of somebody's tags behind everything else costs a claim nothing, nor do idle lanes.
    index('lanes_open')
      .on(t.rank, t.dueAt)
      .where(sql`${t.sessionId} is null and ${t.busyBy} is null and ${t.dueAt} < 'infinity'`),
    index('lanes_session').on(t.sessionId, t.dueAt),
    // Every worker looks every few seconds for what is held on to, or was for too long.
    index('lanes_busy')
      .on(t.busyUntil)
      .where(sql`${t.busyUntil} is not null`),
  ],
)

/** One durable step across: what to do, for whom, attempts so far, how it ended. */
export const deliveries = pgTable(
  'deliveries',
  {
    id: uuid().$type<DeliveryId>().primaryKey(),
    /** Says what it is about; a second put of the same key does nothing. */
    key: text().notNull(),
    kind: text().$type<DeliveryKind>().notNull(),
    laneId: text('lane_id')
      .notNull()
      .references(() => lanes.id, { onDelete: 'cascade' }),
    locationId: text('location_id').$type<LocationId>().notNull(),
    /** The row it acts on: a part or a message. */
    subjectId: uuid('subject_id').notNull(),
    /** Order within the lane: drawn while the lane's row is locked, so it is the order of commits. */
    seq: bigserial({ mode: 'number' }).notNull(),
    state: text().$type<'ready' | 'done' | 'given_up'>().notNull().default('ready'),
    attempts: integer().notNull().default(0),
    /** How many of them the CRM failed at while it answered otherwise. */
    failures: integer().notNull().default(0),
    /** Claimed and not settled since: if a claim finds it set, nobody knows how the attempt before ended. */
    unsettled: boolean().notNull().default(false),
    lastError: text('last_error'),
    createdAt: moment('created_at').notNull().defaultNow(),
    finishedAt: moment('finished_at'),
  },
  (t) => [
    uniqueIndex('deliveries_key').on(t.key),
    index('deliveries_lane')
      .on(t.laneId, t.seq)
      .where(sql`${t.state} = 'ready'`),
    // For lanes that go: unfinished and finished ones in one index would cost whoever lists what waits more than this saves.
    index('deliveries_of_lane').on(t.laneId),
    index('deliveries_finished')
      .on(t.finishedAt)
      .where(sql`${t.state} <> 'ready'`),
  ],
)
