import { date, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { CompanyId, LocationId, UserId } from '@/lib/ids'
import { bytea, moment } from './columns'

/** Agencies whose bulk install we hold a token for. */
export const agencies = pgTable('agencies', {
  id: text().$type<CompanyId>().primaryKey(),
  status: text().$type<'active' | 'needs_reauth' | 'uninstalled'>().notNull().default('active'),
  installedAt: moment('installed_at').notNull().defaultNow(),
  uninstalledAt: moment('uninstalled_at'),
})

/**
 * A location that installed the app. `active` works; `needs_reauth` has lost its tokens, `suspended` is refused by the CRM
 * for now (both keep their links and what arrives); `uninstalled` is over.
 */
export const subAccounts = pgTable(
  'sub_accounts',
  {
    id: text().$type<LocationId>().primaryKey(),
    companyId: text('company_id').$type<CompanyId>().notNull(),
    name: text().notNull().default(''),
    status: text().$type<'active' | 'needs_reauth' | 'suspended' | 'uninstalled'>().notNull().default('active'),
    /** Product settings; absent keys mean the default. */
    settings: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Moves with every change of priorities, for compare-and-set. */
    version: integer().notNull().default(1),
    maxSessions: integer('max_sessions').notNull().default(5),
    installedAt: moment('installed_at').notNull().defaultNow(),
    uninstalledAt: moment('uninstalled_at'),
    /** When what the CRM wanted delivered was last compared with what it told, and is to be next. */
    comparedAt: moment('compared_at'),
    compareAt: moment('compare_at').notNull().defaultNow(),
  },
  (t) => [index('sub_accounts_company').on(t.companyId)],
)

/** OAuth tokens, sealed. The owner is an agency or a sub-account. */
export const tokens = pgTable(
  'tokens',
  {
    ownerKind: text('owner_kind').$type<'Company' | 'Location'>().notNull(),
    ownerId: text('owner_id').$type<CompanyId | LocationId>().notNull(),
    accessSealed: bytea('access_sealed').notNull(),
    refreshSealed: bytea('refresh_sealed'),
    expiresAt: moment('expires_at').notNull(),
    /** From here on a refresh is due: 80 % of the lifetime. */
    refreshAt: moment('refresh_at').notNull(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.ownerKind, t.ownerId] })],
)

/** One data key per tenant and version, wrapped by a key of the environment's keyring. */
export const dataKeys = pgTable(
  'data_keys',
  {
    tenant: text().notNull(),
    version: integer().notNull(),
    kid: text().notNull(),
    wrapped: bytea().notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.version] })],
)

/** One bucket per sub-account, shared by all processes: when the next request may leave (generic cell rate), or that none may for now. */
export const crmBudgets = pgTable('crm_budgets', {
  locationId: text('location_id').$type<LocationId>().primaryKey(),
  /** The time up to which the allowance is spent. */
  spentUntil: moment('spent_until').notNull().defaultNow(),
  /** Since when the CRM fails at what it is asked for this sub-account; null while it answers. */
  failingSince: moment('failing_since'),
  /** How many were taken on that day, in UTC. */
  day: date(),
  dayCount: integer('day_count').notNull().default(0),
  /** What its answers announce, where they do: between two requests, how much of that may be spent ahead, and how many a day. */
  everyMs: integer('every_ms'),
  burstMs: integer('burst_ms'),
  perDay: integer('per_day'),
})

/** Installs we started: the state parameter, hashed, once, for ten minutes. */
export const oauthStates = pgTable('oauth_states', {
  stateHash: bytea('state_hash').primaryKey(),
  expiresAt: moment('expires_at').notNull(),
})

/** Events of the app webhook already taken; unique for at least 30 days. */
export const appEvents = pgTable('app_events', {
  key: text().primaryKey(),
  event: text().notNull(),
  receivedAt: moment('received_at').notNull().defaultNow(),
})

/** Encrypted user data already exchanged, by hash, bound to the frame that did it; kept, because it never gets too old to be accepted. */
export const ssoExchanges = pgTable('sso_exchanges', {
  payloadHash: bytea('payload_hash').primaryKey(),
  frameHash: bytea('frame_hash').notNull(),
  exchangedAt: moment('exchanged_at').notNull().defaultNow(),
})

/** One-time codes that carry an embed user into a tab of its own. */
export const tabCodes = pgTable('tab_codes', {
  codeHash: bytea('code_hash').primaryKey(),
  actor: jsonb().$type<Record<string, unknown>>().notNull(),
  expiresAt: moment('expires_at').notNull(),
})

/** Browsers signed in to a tab of their own, by the hash of what their cookie holds. */
export const browserSessions = pgTable(
  'browser_sessions',
  {
    idHash: bytea('id_hash').primaryKey(),
    actor: jsonb().$type<Record<string, unknown>>().notNull(),
    signedInAt: moment('signed_in_at').notNull(),
    /** When a person last did something with it. */
    seenAt: moment('seen_at').notNull(),
    /** When the CRM was last asked for this person's rights, and when it last answered. */
    checkedAt: moment('checked_at').notNull(),
    confirmedAt: moment('confirmed_at').notNull(),
  },
  (t) => [index('browser_sessions_seen').on(t.seenAt)],
)

/** Who did what to what, append only. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    id: uuid().primaryKey(),
    locationId: text('location_id').$type<LocationId>().notNull(),
    userId: text('user_id').$type<UserId>(),
    action: text().notNull(),
    subject: text().notNull(),
    detail: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    at: moment('at').notNull().defaultNow(),
  },
  (t) => [index('audit_entries_location').on(t.locationId, t.at)],
)
