import { and, isNotNull, ne } from 'drizzle-orm'
import { sessions } from '@/db/schema/sessions'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { BridgeContext } from '../context'
import { readUsers } from './read-users'

/** Of sub-accounts nobody opens too, who left is taken off their sessions; meant for once a day. */
export async function checkUsers(ctx: BridgeContext): Promise<void> {
  const assigned = await ctx.db
    .selectDistinct({ locationId: sessions.locationId })
    .from(sessions)
    .where(and(isNotNull(sessions.assignedUserId), ne(sessions.wanted, 'removed')))
  for (const { locationId } of assigned) {
    try {
      await readUsers(ctx, locationId)
    } catch (error) {
      // Gone, suspended or out of reach: its messages tell people of that.
      if (!(error instanceof CrmError)) throw error
    }
  }
}
