/**
 * The middle. It knows sub-accounts, sessions, people, messages and deliveries, and neither bank's wire format. Every verb
 * takes this context first.
 */
import type { Database } from '@/db/client'
import type { Vault } from '@/db/vault'
import type { Clock } from '@/lib/clock'
import type { HighLevel } from '@/lib/highlevel/highlevel'
import type { LocationId, UserId, CompanyId } from '@/lib/ids'
import type { Log } from '@/lib/log'
import type { Entitlements } from './entitlement/entitlements'

export interface BridgeContext {
  db: Database
  vault: Vault
  highlevel: HighLevel
  clock: Clock
  log: Log
  entitlements: Entitlements
  /** The same for the same text, and meaningless without the deployment's secret: what outlives the data it came from. */
  mark: (text: string) => Buffer
}

/** Who asked. Verbs that act for a person check the role; webhooks and workers act for themselves. */
export type Actor =
  | {
      kind: 'user'
      userId: UserId
      name: string
      email: string
      companyId: CompanyId
      role: Role
      /** The one sub-account of a location token; null for an agency's view. */
      locationId: LocationId | null
      /** The sub-accounts an agency user is limited to; null: every one of the agency. */
      locationIds: LocationId[] | null
    }
  | { kind: 'webhook' }
  | { kind: 'operator' }
  | { kind: 'worker'; name: string }

export type Role = 'agency_admin' | 'agency_user' | 'location_admin' | 'location_user'
