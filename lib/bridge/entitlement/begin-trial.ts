import { eq, inArray, isNull } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyJob } from '@/db/notify'
import { entitlements, trialMarks } from '@/db/schema/entitlements'
import type { LocationId } from '@/lib/ids'
import type { BridgeContext } from '../context'
import { standingOf, trialMs } from './standing'

/**
 * A number has connected in a sub-account that nobody pays for: its trial begins, or goes on. Sub-accounts and numbers have one
 * each: where either began before, elsewhere or before the app was removed, it counts from then.
 */
export async function beginTrial(
  tx: Transaction,
  ctx: BridgeContext,
  locationId: LocationId,
  phones: readonly string[],
): Promise<void> {
  const now = ctx.clock.now()
  const [row] = await tx.select().from(entitlements).where(eq(entitlements.locationId, locationId))
  const paid = (await ctx.entitlements.paidFor(tx, [locationId])).get(locationId) ?? null
  const { state } = standingOf(row ?? null, paid, now)
  const ofNumbers = phones.map((phone) => ctx.mark(`number ${phone}`))
  if (state === 'trial') return keepMarks(tx, ofNumbers, row!.trialStartedAt!)
  if (state !== 'unstarted') return

  const ofSubAccount = ctx.mark(`sub-account ${locationId}`)
  const known = await tx
    .select()
    .from(trialMarks)
    .where(inArray(trialMarks.mark, [ofSubAccount, ...ofNumbers]))
  const first = known.reduce<(typeof known)[number] | null>(
    (earliest, each) => (earliest && earliest.startedAt <= each.startedAt ? earliest : each),
    null,
  )
  const trialStartedAt = first?.startedAt ?? now
  const trialEndsAt = new Date(trialStartedAt.getTime() + trialMs)
  const isOver = trialEndsAt <= now
  const trial = {
    trialStartedAt,
    trialEndsAt,
    // People here learn now of an end before their time, and have from now on what follows it.
    endedAt: isOver ? now : null,
    trialBy: !first
      ? ('this' as const)
      : first.mark.equals(ofSubAccount)
        ? ('sub_account' as const)
        : ('number' as const),
  }
  const begun = await tx
    .insert(entitlements)
    .values({ locationId, ...trial })
    .onConflictDoUpdate({ target: entitlements.locationId, set: trial, setWhere: isNull(entitlements.trialStartedAt) })
    .returning({ locationId: entitlements.locationId })
  if (begun.length === 0) {
    // Another number began it at this moment; this one has its trial with it all the same.
    const [theirs] = await tx.select().from(entitlements).where(eq(entitlements.locationId, locationId))
    return keepMarks(tx, ofNumbers, theirs!.trialStartedAt!)
  }
  await keepMarks(tx, [ofSubAccount, ...ofNumbers], trialStartedAt)
  await notifyChange(tx, { locationId, type: 'entitlement', id: locationId })
  if (isOver) await notifyJob(tx, 'entitlements')
}

async function keepMarks(tx: Transaction, marks: readonly Buffer[], startedAt: Date): Promise<void> {
  if (marks.length === 0) return
  await tx
    .insert(trialMarks)
    .values(marks.map((mark) => ({ mark, startedAt })))
    .onConflictDoNothing()
}
