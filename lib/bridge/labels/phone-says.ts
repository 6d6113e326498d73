import { and, eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { labelMarks, labels, sharedTags } from '@/db/schema/tags'
import type { OwnedSession } from '@/lib/channel/channel'
import type { PersonId, SessionId } from '@/lib/ids'
import type { TagContext } from '../contact/learn-tags'
import type { PersonRow } from '../contact/lock-person'
import { isPushedTag } from '../contact/tags'
import { wishTagOf } from '../contact/wish-tags'
import type { BridgeContext } from '../context'
import { conflictMs } from './label-sync'
import { wishLabelsOf } from './label-wishes'

type Labelled = Pick<PersonRow, 'id' | 'locationId'>

export interface PhoneWord {
  session: Pick<OwnedSession, 'id'>
  /** Locked by the caller. A label that is renamed is on thousands of chats, so all of them go together. */
  people: readonly Labelled[]
  context: TagContext
  tag: string
  isOn: boolean
}

/** A label was put on chats or taken off: the tag follows, if the session syncs labels. */
export async function phoneSays(ctx: BridgeContext, tx: Transaction, word: PhoneWord): Promise<void> {
  const { context, tag, isOn } = word
  const session = context.sessions.find(({ id }) => id === word.session.id)
  if (!session?.syncLabels || tag === '') return
  const people = isOn ? word.people : await withoutAnotherLabel(tx, word)
  if (people.length === 0) return
  if (!session.pushTags || !isPushedTag(tag, context.accountTags, context.settings))
    return await wishTagOf(ctx, tx, people, { tag, wanted: isOn, because: 'label' })

  // It goes both ways: one word for the contact, whoever said it last.
  const setAt = ctx.clock.now()
  const said = await tx
    .select()
    .from(sharedTags)
    .where(and(eq(sharedTags.tag, tag), sql`${sharedTags.personId} in ${listOf(people)}`))
  const last = new Map(said.map((one) => [one.personId, one]))
  const news = people.filter(({ id }) => last.get(id)?.isOn !== isOn)
  const isTheCrms = ({ id }: Labelled) => {
    const before = last.get(id)
    return before?.setBy === 'crm' && setAt.getTime() - before.setAt.getTime() < conflictMs
  }
  const back = news.filter(isTheCrms)
  await wishLabelsOf(
    ctx,
    tx,
    back.map((person) => ({ sessionId: session.id, person, tag, wanted: !isOn })),
  )
  const taken = news.filter((person) => !isTheCrms(person))
  if (taken.length === 0) return
  await tx.execute(sql`
    insert into shared_tags (person_id, tag, is_on, set_by, set_at)
    select value, ${tag}, ${isOn}::boolean, 'phone', ${setAt.toISOString()}::timestamptz from ${listOf(taken)} as value
    on conflict (person_id, tag) do update
      set is_on = excluded.is_on, set_by = excluded.set_by, set_at = excluded.set_at`)
  await wishTagOf(ctx, tx, taken, { tag, wanted: isOn, because: 'shared' })
  const others = context.sessions.filter((one) => one.pushTags && one.id !== session.id).map((one) => one.id)
  if (others.length === 0) return
  const chats = await tx.execute<{ session_id: SessionId; person_id: PersonId }>(sql`
    select session_id, person_id from chats
    where person_id in ${listOf(taken)}
      and session_id in (select value::uuid from json_array_elements_text(${JSON.stringify(others)}::json))
    order by session_id, person_id`)
  const byId = new Map(taken.map((person) => [person.id, person]))
  await wishLabelsOf(
    ctx,
    tx,
    chats.map((chat) => ({ sessionId: chat.session_id, person: byId.get(chat.person_id)!, tag, wanted: isOn })),
  )
}

const listOf = (people: readonly Labelled[]) =>
  sql`(select value::uuid from json_array_elements_text(${JSON.stringify(people.map(({ id }) => id))}::json))`

/** Two labels of one account may be the same tag. */
async function withoutAnotherLabel(tx: Transaction, { session, people, tag }: PhoneWord): Promise<Labelled[]> {
  const others = await tx
    .select({ id: labelMarks.personId })
    .from(labelMarks)
    .innerJoin(labels, and(eq(labels.sessionId, labelMarks.sessionId), eq(labels.labelId, labelMarks.labelId)))
    .where(
      and(
        eq(labelMarks.sessionId, session.id),
        labelMarks.isOn,
        eq(labels.tag, tag),
        eq(labels.isDeleted, false),
        sql`${labelMarks.personId} in ${listOf(people)}`,
      ),
    )
  const kept = new Set(others.map(({ id }) => id))
  return people.filter(({ id }) => !kept.has(id))
}
