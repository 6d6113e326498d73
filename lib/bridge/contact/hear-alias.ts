import { inTransaction } from '@/db/transaction'
import type { OwnedSession, Person } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import type { BridgeContext } from '../context'
import { fence } from '../session/fence'
import { lockPerson } from './lock-person'

/** Two addresses turned out to be one person: whoever we knew under either is one from now on. Throws LostOwnership. */
export async function hearAlias(
  ctx: BridgeContext,
  session: OwnedSession & { channel: ChannelName },
  person: Person,
): Promise<void> {
  const { locationId, channel } = session
  await inTransaction(ctx.db, async (tx) => {
    await fence(tx, session)
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
