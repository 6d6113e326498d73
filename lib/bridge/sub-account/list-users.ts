import { BridgeError } from '@/lib/errors'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import type { Page } from '../paging'
import { reachSubAccount } from '../reach'
import { readUsers } from './read-users'

export interface UserView {
  id: string
  name: string
  email: string | null
  role: 'admin' | 'user'
  type: 'agency' | 'account'
}

/**
 * The CRM's users of the sub-account, as half a minute ago at most: asked each time, whoever reloads a page would use up what
 * the sub-account's messages may ask the CRM for.
 */
export async function listUsers(
  ctx: BridgeContext,
  actor: Actor,
  locationId: LocationId,
  options: { anew?: boolean } = {},
): Promise<Page<UserView>> {
  await reachSubAccount(ctx.db, actor, locationId)
  try {
    const users = await readUsers(ctx, locationId, options)
    return {
      items: users.map(({ id, name, email, role, type }) => ({ id, name, email, role, type })),
      nextCursor: null,
    }
  } catch (error) {
    if (!(error instanceof CrmError)) throw error
    if (error.kind === 'unauthorised')
      throw new BridgeError('conflict', 'The CRM no longer lets the app in. Connect this sub-account again.', {
        cause: error,
      })
    throw new BridgeError('unavailable', 'The CRM did not answer. Try again in a moment.', {
      retryAfterSeconds: Math.ceil((error.retryAfterMs ?? 5_000) / 1000),
      cause: error,
    })
  }
}
