import { and, eq, inArray } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { people } from '@/db/schema/people'
import { labelMarks, labels, labelWishes, sharedTags } from '@/db/schema/tags'
import { inTransaction } from '@/db/transaction'
import type { LineEvent, OwnedSession, Person } from '@/lib/channel/channel'
import type { ChannelName } from '@/lib/channel/kinds'
import { loadTagContext, type TagContext } from '../contact/learn-tags'
import { lockPerson, type PersonRow } from '../contact/lock-person'
import { tagOfLabel } from '../contact/tags'
import type { BridgeContext } from '../context'
import { fence } from '../session/fence'
import { isMarkEcho } from './echo'
import { phoneSays } from './phone-says'

type HeardLabels = Extract<LineEvent, { type: 'labels' }>
type Owned = OwnedSession & { channel: ChannelName }

/** The marks of one transaction: a phone's first account of its labels may hold thousands. */
const atOnce = 50

/**
 * Stores what a phone says of its labels and of the chats they are on, and lets tags follow where the session syncs them. What
 * is known already, told again after a crash or coming back from our own change, is no news. Throws LostOwnership.
 */
export async function hearLabels(ctx: BridgeContext, session: Owned, event: HeardLabels): Promise<void> {
  for (const label of event.labels)
    await inTransaction(ctx.db, async (tx) => {
      await fence(tx, session)
      await hearLabel(ctx, tx, session, label)
    })
  const marks = event.marks.flatMap(({ labelId, chat, on }) => (chat === 'group' ? [] : [{ labelId, chat, on }]))
  for (let from = 0; from < marks.length; from += atOnce)
    await inTransaction(ctx.db, async (tx) => {
      await fence(tx, session)
      const context = await loadTagContext(tx, session)
      for (const mark of marks.slice(from, from + atOnce)) await hearMark(ctx, tx, session, context, mark)
    })
  await inTransaction(ctx.db, (tx) =>
    notifyChange(tx, { locationId: session.locationId, type: 'sync', id: `labels:${session.id}` }),
  )
}

async function hearMark(
  ctx: BridgeContext,
  tx: Transaction,
  session: Owned,
  context: TagContext,
  { labelId, chat, on }: { labelId: string; chat: Person; on: boolean },
): Promise<void> {
  const person = await lockPerson(tx, {
    ...{ locationId: session.locationId, channel: session.channel, addresses: chat.aliases, contactId: null },
    ...{ phone: chat.phone, name: chat.name },
  })
  const isThis = and(
    eq(labelMarks.sessionId, session.id),
    eq(labelMarks.labelId, labelId),
    eq(labelMarks.personId, person.id),
  )
  const [before] = await tx.select().from(labelMarks).where(isThis)
  const isEcho = isMarkEcho(before?.isOn ?? false, on)
  if (isEcho) return
  const [label] = await tx
    .select({ tag: labels.tag, isDeleted: labels.isDeleted })
    .from(labels)
    .where(and(eq(labels.sessionId, session.id), eq(labels.labelId, labelId)))
  const isOurs = on && label !== undefined && (await isOwnWork(tx, session, context, person, label.tag))
  const mark = { isOn: on, setBy: isOurs ? ('crm' as const) : ('phone' as const), setAt: ctx.clock.now() }
  await tx
    .insert(labelMarks)
    .values({ sessionId: session.id, labelId, personId: person.id, ...mark })
    .onConflictDoUpdate({ target: [labelMarks.sessionId, labelMarks.labelId, labelMarks.personId], set: mark })
  if (label && !label.isDeleted)
    await phoneSays(ctx, tx, { session, people: [person], context, tag: label.tag, isOn: on })
}

/**
 * A phone that is only told its labels tells them again after a crash, taken off and put on as they once were. One that is put
 * where the tag is, or where the app is about to change it, is the app's own, or it would stay when the tag goes.
 */
async function isOwnWork(
  tx: Transaction,
  session: Owned,
  context: TagContext,
  person: PersonRow,
  tag: string,
): Promise<boolean> {
  const { pushTags, syncLabels } = context.sessions.find(({ id }) => id === session.id) ?? {}
  if (!pushTags || syncLabels) return false
  const ofTag = and(eq(labelWishes.personId, person.id), eq(labelWishes.tag, tag))
  const [wish] = await tx
    .select({ tag: labelWishes.tag })
    .from(labelWishes)
    .where(and(eq(labelWishes.sessionId, session.id), ofTag))
  if (wish) return true
  const [said] = await tx
    .select({ isOn: sharedTags.isOn })
    .from(sharedTags)
    .where(and(eq(sharedTags.personId, person.id), eq(sharedTags.tag, tag)))
  return said?.isOn === true
}

async function hearLabel(
  ctx: BridgeContext,
  tx: Transaction,
  session: Owned,
  heard: HeardLabels['labels'][number],
): Promise<void> {
  const isThis = and(eq(labels.sessionId, session.id), eq(labels.labelId, heard.labelId))
  const [before] = await tx.select().from(labels).where(isThis).for('update')
  const context = await loadTagContext(tx, session)
  const isSame = before && before.name === heard.name && before.isDeleted === heard.deleted
  if (isSame || (heard.deleted && !before)) {
    if (before?.isPending) await tx.update(labels).set({ isPending: false }).where(isThis)
    return
  }
  const keepsTag = before !== undefined && (heard.deleted || before.name === heard.name)
  const tag = keepsTag ? before.tag : tagOfLabel(heard.name, context.accountTags, context.settings)
  const changes = {
    name: heard.deleted ? (before?.name ?? heard.name) : heard.name,
    ...{ color: heard.color, tag, isDeleted: heard.deleted, isPending: false, changedAt: ctx.clock.now() },
  }
  await tx
    .insert(labels)
    .values({ sessionId: session.id, labelId: heard.labelId, locationId: session.locationId, ...changes })
    .onConflictDoUpdate({ target: [labels.sessionId, labels.labelId], set: changes })
  const carriers = await carriersOf(tx, session, heard.labelId)
  if (heard.deleted) {
    await tx
      .update(labelMarks)
      .set({ isOn: false, setBy: 'phone', setAt: ctx.clock.now() })
      .where(and(eq(labelMarks.sessionId, session.id), eq(labelMarks.labelId, heard.labelId), labelMarks.isOn))
  }
  const wasOn = before && !before.isDeleted ? before.tag : null
  const isOn = heard.deleted ? null : tag
  if (wasOn === isOn) return
  // The new one first: a rename must not leave a moment without either.
  if (isOn !== null) await phoneSays(ctx, tx, { session, people: carriers, context, tag: isOn, isOn: true })
  if (wasOn !== null) await phoneSays(ctx, tx, { session, people: carriers, context, tag: wasOn, isOn: false })
}

async function carriersOf(tx: Transaction, session: Owned, labelId: string) {
  return await tx
    .select({ id: people.id, locationId: people.locationId })
    .from(people)
    .where(
      inArray(
        people.id,
        tx
          .select({ id: labelMarks.personId })
          .from(labelMarks)
          .where(and(eq(labelMarks.sessionId, session.id), eq(labelMarks.labelId, labelId), labelMarks.isOn)),
      ),
    )
    .orderBy(people.id)
    .for('update')
}
