import { and, eq, inArray } from 'drizzle-orm'
import { personAddresses } from '@/db/schema/people'
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
    const [known] = await tx
      .select({ personId: personAddresses.personId })
      .from(personAddresses)
      .where(
        and(
          eq(personAddresses.locationId, locationId),
          eq(personAddresses.channel, channel),
          inArray(personAddresses.address, person.aliases),
        ),
      )
      .limit(1)
    // A whole address book or history comes this way; who never wrote nor was written to is learned when they are.
    if (!known) return
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
