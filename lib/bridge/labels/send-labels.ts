import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { chats, people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { labelMarks, labels, labelSyncs, labelWishes, sharedTags, type LabelNotice } from '@/db/schema/tags'
import { inTransaction } from '@/db/transaction'
import { SendError, type LabelChange, type Line, type OwnedSession } from '@/lib/channel/channel'
import type { PersonId } from '@/lib/ids'
import { backoffMs } from '@/lib/outbox/backoff'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { settleDeliveries, type Settlement } from '@/lib/outbox/settle'
import { loadTagContext } from '../contact/learn-tags'
import type { BridgeContext } from '../context'
import { fence } from '../session/fence'
import { labelOfTag, mostLabels, newLabelId } from './label-sync'

type Wish = typeof labelWishes.$inferSelect

/**
 * Makes the labels of one chat what the CRM's tags say. What is about to be changed is recorded first, so that the phone's
 * account of it is no news; made again after a crash, the same changes do nothing. Throws LostOwnership; settles the delivery.
 */
export async function sendLabels(
  ctx: BridgeContext,
  owner: string,
  line: Line,
  session: OwnedSession,
  delivery: ClaimedDelivery,
): Promise<void> {
  const personId = delivery.subjectId as PersonId
  const settle = (tx: Transaction, settlement: Settlement) => settleDeliveries(tx, owner, [{ delivery, settlement }])
  const { changes, wishes } = await inTransaction(ctx.db, async (tx) => {
    await fence(tx, session)
    return await plan(ctx, tx, session, personId)
  })
  try {
    for (const change of changes) await line.changeLabel(change)
  } catch (error) {
    if (!(error instanceof SendError)) throw error
    return await inTransaction(ctx.db, async (tx) => {
      await fence(tx, session)
      if (error.final) {
        await forget(tx, wishes)
        await notice(ctx, tx, session, 'refused')
      }
      const afterMs = backoffMs(delivery.attempts, { minMs: 1_000, maxMs: 300_000 })
      await settle(
        tx,
        error.final ? { outcome: 'given_up', why: error.message } : { outcome: 'retry', afterMs, why: error.message },
      )
    })
  }
  await inTransaction(ctx.db, async (tx) => {
    await fence(tx, session)
    await tx.select({ id: people.id }).from(people).where(eq(people.id, personId)).for('update')
    const made = changes.flatMap((change) => (change.do === 'save' ? [change.labelId] : []))
    if (made.length > 0)
      await tx
        .update(labels)
        .set({ isPending: false })
        .where(and(eq(labels.sessionId, session.id), inArray(labels.labelId, made)))
    await forget(tx, wishes)
    const [more] = await tx.select({ tag: labelWishes.tag }).from(labelWishes).where(ofChat(session, personId)).limit(1)
    await settle(tx, more ? { outcome: 'retry', afterMs: 0, why: 'more has changed meanwhile' } : { outcome: 'done' })
  })
}

const ofChat = (session: Pick<OwnedSession, 'id'>, personId: PersonId) =>
  and(eq(labelWishes.sessionId, session.id), eq(labelWishes.personId, personId))

/** Only what was worked: a wish renewed meanwhile stays. */
async function forget(tx: Transaction, wishes: readonly Wish[]): Promise<void> {
  for (const wish of wishes)
    await tx
      .delete(labelWishes)
      .where(
        and(
          ofChat({ id: wish.sessionId }, wish.personId),
          eq(labelWishes.tag, wish.tag),
          eq(labelWishes.wanted, wish.wanted),
          eq(labelWishes.wishedAt, wish.wishedAt),
        ),
      )
}

async function plan(
  ctx: BridgeContext,
  tx: Transaction,
  session: OwnedSession,
  personId: PersonId,
): Promise<{ changes: LabelChange[]; wishes: Wish[] }> {
  // Locked like by whoever hears of this person, so that what is recorded and what is heard have an order.
  await tx.select({ id: people.id }).from(people).where(eq(people.id, personId)).for('update')
  const wishes = await tx.select().from(labelWishes).where(ofChat(session, personId)).orderBy(labelWishes.tag)
  const [chat] = await tx
    .select({ address: chats.address })
    .from(chats)
    .where(and(eq(chats.sessionId, session.id), eq(chats.personId, personId)))
  const [{ isTwoWay } = { isTwoWay: false }] = await tx
    .select({ isTwoWay: sessions.syncLabels })
    .from(sessions)
    .where(eq(sessions.id, session.id))
  const known = await tx
    .select()
    .from(labels)
    .where(eq(labels.sessionId, session.id))
    .orderBy(labels.labelId)
    .for('update')
  const context = await loadTagContext(tx, session)
  const changes: LabelChange[] = []
  if (!chat) return { changes, wishes }
  const said = await tx.select().from(sharedTags).where(eq(sharedTags.personId, personId))
  for (const { tag, wanted: wished } of wishes) {
    // Whoever spoke last of a tag that goes both ways, maybe after this was wished.
    const wanted = said.find((one) => one.tag === tag)?.isOn ?? wished
    const there = known.filter((label) => label.tag === tag && !label.isDeleted)
    if (wanted) {
      let label = there[0]
      if (!label) {
        const count = known.filter((one) => !one.isDeleted).length
        const name = labelOfTag(tag, context.settings.labelPrefix)
        if (count >= mostLabels) {
          await notice(ctx, tx, session, `too_many:${name}`)
          continue
        }
        const labelId = newLabelId(known.map((one) => one.labelId))
        const values = { sessionId: session.id, locationId: session.locationId, labelId, name, tag, color: count % 20 }
        label = { ...values, isDeleted: false, isPending: true, changedAt: ctx.clock.now() }
        await tx.insert(labels).values(label)
        // There is room again.
        await tx.update(labelSyncs).set({ notice: null }).where(eq(labelSyncs.sessionId, session.id))
        known.push(label)
      }
      if (label.isPending) changes.push({ do: 'save', labelId: label.labelId, name: label.name, color: label.color })
      await mark(ctx, tx, session, { labelId: label.labelId, personId, isOn: true })
      changes.push({ do: 'put', labelId: label.labelId, chat: chat.address })
      continue
    }
    for (const { labelId } of there) {
      const [put] = await tx
        .select()
        .from(labelMarks)
        .where(
          and(eq(labelMarks.sessionId, session.id), eq(labelMarks.labelId, labelId), eq(labelMarks.personId, personId)),
        )
      // What a person put on the phone is theirs, unless labels and tags are one thing here. Where it was last told to be off, a
      // phone that tells again after a crash may have it on; taking it twice does no harm.
      if (!put || (put.setBy === 'phone' && put.isOn !== isTwoWay)) continue
      await mark(ctx, tx, session, { labelId, personId, isOn: false })
      changes.push({ do: 'take', labelId, chat: chat.address })
    }
  }
  return { changes, wishes }
}

async function mark(
  ctx: BridgeContext,
  tx: Transaction,
  session: OwnedSession,
  put: { labelId: string; personId: PersonId; isOn: boolean },
): Promise<void> {
  const set = { isOn: put.isOn, setBy: 'crm' as const, setAt: ctx.clock.now() }
  await tx
    .insert(labelMarks)
    .values({ sessionId: session.id, labelId: put.labelId, personId: put.personId, ...set })
    .onConflictDoUpdate({
      target: [labelMarks.sessionId, labelMarks.labelId, labelMarks.personId],
      set,
      // One that a person had put is still theirs.
      setWhere: sql`${labelMarks.isOn} is distinct from ${put.isOn}`,
    })
}

async function notice(ctx: BridgeContext, tx: Transaction, session: OwnedSession, what: LabelNotice): Promise<void> {
  await tx
    .insert(labelSyncs)
    .values({ sessionId: session.id, state: 'off', notice: what, changedAt: ctx.clock.now() })
    .onConflictDoUpdate({ target: labelSyncs.sessionId, set: { notice: what } })
  await notifyChange(tx, { locationId: session.locationId, type: 'sync', id: `labels:${session.id}` })
}
