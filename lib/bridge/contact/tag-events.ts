import type { Transaction } from '@/db/client'
import type { BridgeContext } from '../context'
import { loadSettings } from '../sub-account/read-settings'
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
  const settings = await loadSettings(tx, person.locationId)
  const tag = tidyTag(settings[what])
  if (tag !== '' && !person.tags?.includes(tag))
    await wishTags(ctx, tx, person, [{ tag, wanted: true, because: 'message' }])
}
