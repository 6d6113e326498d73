import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { BridgeContext } from '../context'
import { settingsOf } from '../sub-account/settings'
import type { PersonRow } from './lock-person'
import { tidyTag } from './tags'
import { wishTags } from './wish-tags'

/** The contact's tags tell that they wrote for the first time, or were answered on the phone. */
export async function tagWhatHappened(
  ctx: BridgeContext,
  tx: Transaction,
  person: PersonRow,
  what: 'inboundTag' | 'phoneReplyTag',
): Promise<void> {
  const [row] = await tx
    .select({ settings: subAccounts.settings })
    .from(subAccounts)
    .where(eq(subAccounts.id, person.locationId))
  const tag = tidyTag(settingsOf(row ?? { settings: {} })[what])
  if (tag !== '' && !person.tags?.includes(tag))
    await wishTags(ctx, tx, person, [{ tag, wanted: true, because: 'message' }])
}
