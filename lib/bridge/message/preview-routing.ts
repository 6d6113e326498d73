import type { RoutingTrace } from '@/db/schema/messages'
import { BridgeError } from '@/lib/errors'
import type { ContactId, LocationId, SessionId, UserId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSubAccount } from '../reach'
import type { Failure } from './message'

export interface RoutingQuestion {
  locationId: LocationId
  contactId?: ContactId | undefined
  phone?: string | undefined
  /** The sender; null or absent: automated. */
  userId?: UserId | null | undefined
  text: string
  sessionId?: SessionId | undefined
}

export interface RoutingAnswer {
  session: { id: SessionId; label: string; priority: number; phone: string | null } | null
  trace: RoutingTrace
  failure: Failure | null
  /** What would be delivered. */
  body: string
}

/** Which session would send a message, and why. Sends nothing, writes nothing. */
export async function previewRouting(ctx: BridgeContext, actor: Actor, input: RoutingQuestion): Promise<RoutingAnswer> {
  await reachSubAccount(ctx.db, actor, input.locationId)
  throw new BridgeError('unavailable', 'Routing cannot be previewed yet.')
}
