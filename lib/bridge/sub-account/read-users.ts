import type { CrmUser } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { clearAssignments } from '../session/clear-assignments'

const freshMs = 30_000

interface Remembered {
  users: Promise<CrmUser[]>
  atMs: number
}

/** By the connection to the CRM they were asked over, so that two compositions in one process share nothing. */
const remembered = new WeakMap<object, Map<LocationId, Remembered>>()

/**
 * The CRM's users of a sub-account, half a minute old at most, or asked for anew; whoever asks, sessions of somebody who is not
 * among them any more are taken from them. Throws CrmError.
 */
export async function readUsers(
  ctx: BridgeContext,
  locationId: LocationId,
  { anew = false }: { anew?: boolean } = {},
): Promise<CrmUser[]> {
  const known = remembered.get(ctx.highlevel) ?? new Map<LocationId, Remembered>()
  remembered.set(ctx.highlevel, known)
  const nowMs = ctx.clock.monotonicMs()
  const last = known.get(locationId)
  if (!anew && last && nowMs - last.atMs < freshMs) return await last.users
  for (const [id, { atMs }] of known) if (nowMs - atMs >= freshMs) known.delete(id)
  const users = readAnew(ctx, locationId)
  known.set(locationId, { users, atMs: nowMs })
  users.catch(() => known.delete(locationId))
  return await users
}

async function readAnew(ctx: BridgeContext, locationId: LocationId): Promise<CrmUser[]> {
  const users = await ctx.highlevel.forSubAccount(locationId).listUsers()
  await clearAssignments(ctx, { locationId, users: users.map(({ id }) => id) })
  return users
}
