import { and, eq, ne } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { labelMarks, labels, sharedTags } from '@/db/schema/tags'
import type { OwnedSession } from '@/lib/channel/channel'
import type { TagContext } from '../contact/learn-tags'
import type { PersonRow } from '../contact/lock-person'
import { isPushedTag } from '../contact/tags'
import { wishTags } from '../contact/wish-tags'
import type { BridgeContext } from '../context'
import { withChat } from './follow-tags'
import { conflictMs } from './label-sync'
import { wishLabels } from './label-wishes'

export interface PhoneWord {
  session: Pick<OwnedSession, 'id'>
  /** Locked by the caller. */
  person: PersonRow
  context: TagContext
  tag: string
  isOn: boolean
}

/** A label was put on somebody's chat or taken off: the tag follows, if the session syncs labels. */
export async function phoneSays(ctx: BridgeContext, tx: Transaction, word: PhoneWord): Promise<void> {
  const { person, context, tag, isOn } = word
  const session = context.sessions.find(({ id }) => id === word.session.id)
  if (!session?.syncLabels || tag === '') return
  if (!isOn && (await isOnByAnotherLabel(tx, word))) return
  if (!session.pushTags || !isPushedTag(tag, context.accountTags, context.settings))
    return await wishTags(ctx, tx, person, [{ tag, wanted: isOn, because: 'label' }])

  // It goes both ways: one word for the contact, whoever said it last.
  const isThis = and(eq(sharedTags.personId, person.id), eq(sharedTags.tag, tag))
  const [last] = await tx.select().from(sharedTags).where(isThis)
  if (last?.isOn === isOn) return
  const setAt = ctx.clock.now()
  if (last?.setBy === 'crm' && setAt.getTime() - last.setAt.getTime() < conflictMs)
    return await wishLabels(ctx, tx, session.id, person, [{ tag, wanted: last.isOn }])
  const set = { isOn, setBy: 'phone' as const, setAt }
  await tx
    .insert(sharedTags)
    .values({ personId: person.id, tag, ...set })
    .onConflictDoUpdate({ target: [sharedTags.personId, sharedTags.tag], set })
  await wishTags(ctx, tx, person, [{ tag, wanted: isOn, because: 'shared' }])
  const others = context.sessions.filter((one) => one.pushTags && one.id !== session.id).map((one) => one.id)
  for (const id of await withChat(tx, person, others)) await wishLabels(ctx, tx, id, person, [{ tag, wanted: isOn }])
}

/** Two labels of one account may be the same tag. */
async function isOnByAnotherLabel(tx: Transaction, { session, person, tag }: PhoneWord): Promise<boolean> {
  const [other] = await tx
    .select({ labelId: labelMarks.labelId })
    .from(labelMarks)
    .innerJoin(labels, and(eq(labels.sessionId, labelMarks.sessionId), eq(labels.labelId, labelMarks.labelId)))
    .where(
      and(
        eq(labelMarks.sessionId, session.id),
        eq(labelMarks.personId, person.id),
        labelMarks.isOn,
        eq(labels.tag, tag),
        ne(labels.isDeleted, true),
      ),
    )
    .limit(1)
  return other !== undefined
}
