import type { CrmUser } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'
import type { BridgeContext } from '../context'

const freshMs = 30_000

interface Remembered {
  users: Promise<CrmUser[]>
  atMs: number
}

/** By the connection to the CRM they were asked over, so that two compositions in one process share nothing. */
const remembered = new WeakMap<object, Map<LocationId, Remembered>>()

/** The CRM's users of a sub-account, half a minute old at most, or asked for anew. Throws CrmError. */
export async function readUsers(
  ctx: BridgeContext,
  locationId: LocationId,
  { anew = false, onRead }: { anew?: boolean; onRead?: (users: CrmUser[]) => Promise<void> } = {},
): Promise<CrmUser[]> {
  const known = remembered.get(ctx.highlevel) ?? new Map<LocationId, Remembered>()
  remembered.set(ctx.highlevel, known)
  const nowMs = ctx.clock.monotonicMs()
  const last = known.get(locationId)
  if (!anew && last && nowMs - last.atMs < freshMs) return await last.users
  for (const [id, { atMs }] of known) if (nowMs - atMs >= freshMs) known.delete(id)
  const users = ctx.highlevel.forSubAccount(locationId).listUsers()
  known.set(locationId, { users, atMs: nowMs })
  users.catch(() => known.delete(locationId))
  const read = await users
  await onRead?.(read)
  return read
}
