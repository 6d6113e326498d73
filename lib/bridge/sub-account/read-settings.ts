import { eq } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import { subAccounts } from '@/db/schema/sub-accounts'
import type { LocationId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { abilitiesOf, personOf, reachSubAccount } from '../reach'
import { defaultSettings, settingsOf, type Settings } from './settings'

/** Addresses of people are shown to those who may change them. */
export async function readSettings(ctx: BridgeContext, actor: Actor, locationId: LocationId): Promise<Settings> {
  const settings = settingsOf(await reachSubAccount(ctx.db, actor, locationId))
  return abilitiesOf(personOf(actor).role).includes('edit_sessions') ? settings : { ...settings, alertEmails: [] }
}

/** For what the bridge decides by itself; the defaults where nothing is stored. */
export async function loadSettings(tx: Queryable, locationId: LocationId): Promise<Settings> {
  const [row] = await tx
    .select({ settings: subAccounts.settings })
    .from(subAccounts)
    .where(eq(subAccounts.id, locationId))
  return row ? settingsOf(row) : defaultSettings
}
