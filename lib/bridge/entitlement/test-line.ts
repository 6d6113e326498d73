// For tests: a session whose line says what the test wants it to have said.
import { sql } from 'drizzle-orm'
import type { LineState, OwnedSession } from '@/lib/channel/channel'
import type { SessionId } from '@/lib/ids'
import type { SubAccountFixture, TestWorld } from '../test-world'
import { createSession } from '../session/create'
import { hearState } from '../session/hear-state'

export interface TestLine {
  id: SessionId
  phone: string
  says(state: LineState, reason?: 'phone_unlinked' | 'network' | 'pairing_timeout'): Promise<void>
}

let numbers = 0
export const freshNumber = () =>
  `+1555${String(Date.now() % 1e6).padStart(6, '0')}${String(++numbers).padStart(3, '0')}`

export async function addLine(
  world: TestWorld,
  place: SubAccountFixture,
  label: string,
  phone = freshNumber(),
): Promise<TestLine> {
  const { ctx } = world
  const added = await createSession(ctx, place.person('location_admin'), {
    ...{ locationId: place.id, label, channel: 'whatsapp' },
  })
  const id = added.id as SessionId
  await ctx.db.execute(
    sql`update leases set owner = 'test', epoch = 1, lease_until = 'infinity' where session_id = ${id}`,
  )
  const owned: OwnedSession = { id, locationId: place.id, epoch: 1, phone: null, isMine: () => true }
  return {
    ...{ id, phone },
    async says(state, reason) {
      const isUp = state === 'connected' || state === 'linking'
      await hearState(ctx, owned, {
        ...{ type: 'state', state },
        ...(reason ? { reason } : {}),
        ...(isUp ? { account: { phone, aliases: [], name: null, platform: 'consumer' } } : {}),
      })
    },
  }
}
