import { sql } from 'drizzle-orm'
import { index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { AlertId, LocationId, MailId, SessionId } from '@/lib/ids'
import { bytea, moment } from './columns'
import { sessions, type SessionStatus } from './sessions'
import { subAccounts } from './sub-accounts'

const ofSubAccount = () =>
  text('location_id')
    .$type<LocationId>()
    .references(() => subAccounts.id, { onDelete: 'cascade' })

/** The trial of a sub-account, and since when nobody pays for it. No row: it has not begun. */
export const entitlements = pgTable('entitlements', {
  locationId: ofSubAccount().primaryKey(),
  trialStartedAt: moment('trial_started_at'),
  trialEndsAt: moment('trial_ends_at'),
  /** Whose first connection the trial counts from. `number`, `sub_account`: it had begun before, elsewhere or in an earlier install. */
  trialBy: text('trial_by').$type<'this' | 'number' | 'sub_account'>(),
  /** Since when its sessions are suspended; null while they are paid for. */
  endedAt: moment('ended_at'),
  /** Which step towards an end, and after it, people were last told of. */
  told: text(),
  /** How often it was told that its sessions will be erased, and when last. */
  warnings: integer().notNull().default(0),
  warnedAt: moment('warned_at'),
})

/** What operators pay for. */
export const grants = pgTable('grants', {
  locationId: ofSubAccount().primaryKey(),
  grantedAt: moment('granted_at').notNull(),
  /** Null: without end. */
  until: moment('until'),
})

/**
 * Sub-accounts and numbers that have had their trial, for ever, and when it began: each as a keyed hash that says nothing
 * without the key.
 */
export const trialMarks = pgTable('trial_marks', {
  mark: bytea().primaryKey(),
  startedAt: moment('started_at').notNull(),
})

export type AlertLevel = 'amber' | 'red'

/** A session that needs somebody, or may soon. At most one is open for each. */
export const alerts = pgTable(
  'alerts',
  {
    id: uuid().$type<AlertId>().primaryKey(),
    locationId: ofSubAccount().notNull(),
    sessionId: uuid('session_id')
      .$type<SessionId>()
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    level: text().$type<AlertLevel>().notNull(),
    /** What the session was when it was last looked at. */
    status: text().$type<SessionStatus>().notNull(),
    reason: text(),
    /** Since when it has not been well. */
    since: moment('since').notNull(),
    /** From when people see it; null while it may pass by itself. */
    raisedAt: moment('raised_at'),
    /** How often it was mailed, and when the next time is. */
    told: integer().notNull().default(0),
    dueAt: moment('due_at'),
    /** Over: the session is back, or somebody wanted it so. */
    resolvedAt: moment('resolved_at'),
  },
  (t) => [
    uniqueIndex('alerts_open')
      .on(t.sessionId)
      .where(sql`${t.resolvedAt} is null`),
    index('alerts_session').on(t.sessionId),
    index('alerts_location').on(t.locationId),
  ],
)

/** Mails to be sent, put with the fact they tell of. Who gets them is found out when they leave. */
export const mails = pgTable(
  'mails',
  {
    id: uuid().$type<MailId>().primaryKey(),
    /** The same fact is put once, however often it is seen. */
    key: text().notNull(),
    locationId: ofSubAccount().notNull(),
    kind: text().notNull(),
    facts: jsonb().$type<Record<string, string | number | null>>().notNull(),
    attempts: integer().notNull().default(0),
    /** The earliest next attempt; a worker that has it in hand moves it ahead. */
    dueAt: moment('due_at').notNull(),
    createdAt: moment('created_at').notNull(),
    finishedAt: moment('finished_at'),
    outcome: text().$type<'sent' | 'not_configured' | 'nobody' | 'given_up'>(),
  },
  (t) => [
    uniqueIndex('mails_key').on(t.key),
    index('mails_location').on(t.locationId),
    index('mails_due')
      .on(t.dueAt)
      .where(sql`${t.finishedAt} is null`),
  ],
)
