import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { abilitiesOf, personOf, reachSubAccount } from '../reach'
import { settingsOf, type Settings } from './settings'

/** Addresses of people are shown to those who may change them. */
export async function readSettings(ctx: BridgeContext, actor: Actor, locationId: LocationId): Promise<Settings> {
  const settings = settingsOf(await reachSubAccount(ctx.db, actor, locationId))
  return abilitiesOf(personOf(actor).role).includes('edit_sessions') ? settings : { ...settings, alertEmails: [] }
}
