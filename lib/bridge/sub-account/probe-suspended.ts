import { eq } from 'drizzle-orm'
import { subAccounts } from '@/db/schema/sub-accounts'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { ConnectContext } from './connect-context'

/** Asks once for each suspended sub-account whether it is active again; meant for once an hour. */
export async function probeSuspended(ctx: ConnectContext): Promise<void> {
  const suspended = await ctx.db
    .select({ id: subAccounts.id })
    .from(subAccounts)
    .where(eq(subAccounts.status, 'suspended'))
  for (const { id } of suspended) {
    try {
      await ctx.tokens.probe(id)
      ctx.log.info({ locationId: id }, 'the sub-account is active again')
    } catch (error) {
      if (!(error instanceof CrmError)) throw error
    }
  }
}
