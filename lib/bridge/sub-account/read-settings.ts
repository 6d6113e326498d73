import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSubAccount } from '../reach'
import { settingsOf, type Settings } from './settings'

export async function readSettings(ctx: BridgeContext, actor: Actor, locationId: LocationId): Promise<Settings> {
  return settingsOf(await reachSubAccount(ctx.db, actor, locationId))
}
