import { auditEntries } from '@/db/schema/sub-accounts'
import type { Transaction } from '@/db/client'
import { orderedId, type LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from './context'

/** Written in the transaction of what it tells of. Never message text, tokens or numbers. */
export interface AuditEntry {
  locationId: LocationId
  action: string
  /** The id of what was acted on. */
  subject: string
  detail?: Record<string, unknown>
}

export async function audit(
  tx: Transaction,
  ctx: Pick<BridgeContext, 'clock'>,
  actor: Actor,
  entry: AuditEntry,
): Promise<void> {
  await tx.insert(auditEntries).values({
    id: orderedId<never>(),
    locationId: entry.locationId,
    userId: actor.kind === 'user' ? actor.userId : null,
    action: entry.action,
    subject: entry.subject,
    detail: entry.detail ?? {},
    at: ctx.clock.now(),
  })
}
