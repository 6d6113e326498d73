import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { agencies, appEvents } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import type { SignedAppEvent } from '@/lib/highlevel/schemas'
import type { LocationId } from '@/lib/ids'
import { wakeLanes } from '@/lib/outbox/wake'
import { acceptContactChange } from '../contact/accept-contact-change'
import type { ConnectContext } from './connect-context'
import { recordInstall } from './record-install'
import { hasToken } from './stored-token'
import { uninstall } from './uninstall'

/** `installed`: call `settleInstalls` when there is time. */
export type AppEventOutcome = 'taken' | 'installed' | 'repeated'

/**
 * Takes one signed event of the app's webhook. Resolves once it is stored with what it changes, in one transaction. `key`
 * makes it unique: the CRM's id of the event, or a hash of its bytes.
 */
export async function acceptAppEvent(
  ctx: ConnectContext,
  input: { key: string; signed: SignedAppEvent },
): Promise<AppEventOutcome> {
  const { event } = input.signed
  const at = input.signed.at ?? ctx.clock.now()
  let gone: LocationId[] = []
  const outcome = await inTransaction(ctx.db, async (tx): Promise<AppEventOutcome> => {
    const stored = await tx
      .insert(appEvents)
      .values({ key: input.key, event: event.type === 'other' ? event.name : event.type })
      .onConflictDoNothing()
      .returning({ key: appEvents.key })
    if (stored.length === 0) return 'repeated'
    switch (event.type) {
      case 'install':
        if (event.locationId) await announce(tx, event.locationId, event.companyId, at)
        return 'installed'
      case 'uninstall':
        gone = await uninstall(ctx, tx, { kind: 'webhook' }, { ...event, at })
        return 'taken'
      case 'contact-changed':
      case 'contact-deleted':
        await acceptContactChange(ctx, tx, event, input.signed.at)
        return 'taken'
      case 'other':
        return 'taken'
    }
  })
  for (const id of gone) ctx.tokens.forget({ kind: 'Location', id })
  if (event.type === 'uninstall' && event.companyId) ctx.tokens.forget({ kind: 'Company', id: event.companyId })
  return outcome
}

/** With its agency's token at hand a sub-account can work at once; else the callback, or a later agency install, brings one. */
async function announce(
  tx: Transaction,
  locationId: LocationId,
  companyId: Parameters<typeof recordInstall>[1]['companyId'],
  at: Date,
): Promise<void> {
  const [agency] = companyId
    ? await tx.select({ status: agencies.status }).from(agencies).where(eq(agencies.id, companyId))
    : []
  const isAuthorised =
    agency?.status === 'active' && companyId !== null && (await hasToken(tx, { kind: 'Company', id: companyId }))
  if (await recordInstall(tx, { locationId, companyId, at, isAuthorised })) await wakeLanes(tx, locationId)
}
