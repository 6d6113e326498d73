/**
 * Which sub-accounts and sessions an actor can reach, and what their role lets them do there. What lies outside does not
 * exist for them: "not found", never "forbidden".
 */
import { and, eq, inArray, ne, type SQL } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { BridgeError } from '@/lib/errors'
import type { LocationId, SessionId } from '@/lib/ids'
import type { Actor, Role } from './context'

export type Person = Extract<Actor, { kind: 'user' }>
export type SubAccountRow = typeof subAccounts.$inferSelect
export type SessionRow = typeof sessions.$inferSelect

/** What a person may do with sessions and messages, apart from seeing that they exist. */
export const abilities = ['manage_sessions', 'link_sessions', 'run_sessions', 'edit_sessions', 'send_messages'] as const
export type Ability = (typeof abilities)[number]

const everything: readonly Ability[] = abilities
const granted: Record<Role, readonly Ability[]> = {
  agency_admin: everything,
  agency_user: everything,
  location_admin: everything,
  location_user: ['link_sessions', 'send_messages'],
}

export function abilitiesOf(role: Role): readonly Ability[] {
  return granted[role]
}

export function personOf(actor: Actor): Person {
  if (actor.kind !== 'user') throw new BridgeError('forbidden', 'This needs a signed-in person.')
  return actor
}

export function requireAbility(actor: Actor, ability: Ability): Person {
  const person = personOf(actor)
  if (!granted[person.role].includes(ability))
    throw new BridgeError('forbidden', 'Your role in this sub-account does not allow this. Ask an administrator.')
  return person
}

/** The sub-accounts this person can reach, as a condition on `sub_accounts`. */
export function withinReach(person: Person): SQL | undefined {
  const installed = ne(subAccounts.status, 'uninstalled')
  if (person.locationId !== null) return and(installed, eq(subAccounts.id, person.locationId))
  const ofAgency = and(installed, eq(subAccounts.companyId, person.companyId))
  return person.locationIds === null ? ofAgency : and(ofAgency, inArray(subAccounts.id, person.locationIds))
}

export async function reachSubAccount(
  tx: Queryable,
  actor: Actor,
  locationId: LocationId,
  options: { lock?: boolean } = {},
): Promise<SubAccountRow> {
  const query = tx
    .select()
    .from(subAccounts)
    .where(and(eq(subAccounts.id, locationId), withinReach(personOf(actor))))
  const [row] = await (options.lock ? query.for('no key update') : query)
  if (!row) throw new BridgeError('not_found', 'There is no such sub-account, or the app is not installed in it.')
  return row
}

export async function reachSession(
  tx: Queryable,
  actor: Actor,
  sessionId: SessionId,
  options: { lock?: boolean } = {},
): Promise<SessionRow> {
  const query = tx
    .select({ session: sessions })
    .from(sessions)
    .innerJoin(subAccounts, eq(subAccounts.id, sessions.locationId))
    .where(and(eq(sessions.id, sessionId), ne(sessions.wanted, 'removed'), withinReach(personOf(actor))))
  const [row] = isUuid(sessionId) ? await (options.lock ? query.for('no key update', { of: sessions }) : query) : []
  if (!row) throw new BridgeError('not_found', 'There is no such session. It may have been deleted.')
  return row.session
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)
}
