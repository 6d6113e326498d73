import { inTransaction } from '@/db/transaction'
import type { Person } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import type { LocationId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { lockPerson } from './lock-person'

/** Two addresses turned out to be one person: whoever we knew under either is one from now on. */
export async function hearAlias(
  ctx: BridgeContext,
  session: { locationId: LocationId; channel: ChannelName },
  person: Person,
): Promise<void> {
  const { locationId, channel } = session
  await inTransaction(ctx.db, async (tx) => {
    await lockPerson(tx, {
      locationId,
      channel,
      addresses: person.aliases,
      contactId: null,
      phone: person.phone,
      name: person.name,
    })
  })
}
