import type { Transaction } from '@/db/client'
import { notifyJob } from '@/db/notify'
import { mails } from '@/db/schema/entitlements'
import { orderedId, type LocationId, type MailId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import type { MailFacts, MailKind } from './mail-texts'

/** A promise to tell people, made together with what it tells of. The same key is told once. */
export async function putMail<Kind extends MailKind>(
  tx: Transaction,
  ctx: BridgeContext,
  mail: { key: string; locationId: LocationId; kind: Kind; facts: MailFacts[Kind] },
): Promise<void> {
  const now = ctx.clock.now()
  await tx
    .insert(mails)
    .values({ id: orderedId<MailId>(), ...mail, facts: { ...mail.facts }, dueAt: now, createdAt: now })
    .onConflictDoNothing({ target: mails.key })
  await notifyJob(tx, 'mails')
}
