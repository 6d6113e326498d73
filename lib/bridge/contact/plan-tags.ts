import { and, eq, inArray, ne } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { sessions } from '@/db/schema/sessions'
import { labelMarks, labels, labelTags, tagWishes } from '@/db/schema/tags'
import { loadTagContext, type TagContext } from './learn-tags'
import type { PersonRow } from './lock-person'
import { accountTagPrefix, type TagChanges } from './tags'

type Wish = typeof tagWishes.$inferSelect

export interface TagPlan {
  add: string[]
  remove: string[]
  /** Of these, what a label asks for. */
  fromLabels: TagChanges
  /** Wishes the CRM meets already, or that are nobody's to fulfil. */
  idle: string[]
}

/** What the CRM is to be told of a contact's tags now, by what is wanted and what it has. */
export async function planTags(tx: Transaction, person: PersonRow): Promise<TagPlan> {
  const [context, wishes] = await Promise.all([
    loadTagContext(tx, person),
    tx.select().from(tagWishes).where(eq(tagWishes.personId, person.id)),
  ])
  const has = new Set(person.tags ?? [])
  const account = accountChanges(person, context, has)
  const plan: TagPlan = { ...account, fromLabels: { added: [], removed: [] }, idle: [] }
  const mine = wishes.some((wish) => !wish.wanted) ? await removable(tx, person, wishes) : null
  for (const wish of wishes) {
    // What the account tags need comes first.
    if (plan.add.includes(wish.tag) || plan.remove.includes(wish.tag) || wish.wanted === has.has(wish.tag))
      plan.idle.push(wish.tag)
    else if (wish.wanted) {
      plan.add.push(wish.tag)
      if (wish.because === 'label') plan.fromLabels.added.push(wish.tag)
    } else if (mine!.has(wish.tag)) {
      plan.remove.push(wish.tag)
      if (wish.because === 'label') plan.fromLabels.removed.push(wish.tag)
    } else plan.idle.push(wish.tag)
  }
  return plan
}

/** A contact on a session carries its tag and no other; one on none keeps what people gave them. */
function accountChanges(person: PersonRow, context: TagContext, has: ReadonlySet<string>) {
  const session = context.sessions.find(({ id }) => id === person.affinitySessionId)
  const wanted = context.settings.tagMode === 'off' ? null : (session?.accountTag ?? null)
  if (wanted === null) return { add: [], remove: [] }
  const isOther = (tag: string) =>
    tag !== wanted && (context.accountTags.includes(tag) || tag.startsWith(accountTagPrefix))
  return { add: has.has(wanted) ? [] : [wanted], remove: [...has].filter(isOther) }
}

/** Of the tags to be taken off, those that may be: the app's own, and on no other chat of theirs. */
async function removable(tx: Transaction, person: PersonRow, wishes: readonly Wish[]): Promise<Set<string>> {
  const off = wishes.filter((wish) => !wish.wanted)
  const [origins, elsewhere] = await Promise.all([
    tx.select({ tag: labelTags.tag }).from(labelTags).where(eq(labelTags.personId, person.id)),
    tx
      .select({ tag: labels.tag })
      .from(labelMarks)
      .innerJoin(labels, and(eq(labels.sessionId, labelMarks.sessionId), eq(labels.labelId, labelMarks.labelId)))
      .innerJoin(sessions, eq(sessions.id, labelMarks.sessionId))
      .where(
        and(
          eq(labelMarks.personId, person.id),
          labelMarks.isOn,
          // One of ours is there because of the tag, not the tag because of it.
          eq(labelMarks.setBy, 'phone'),
          eq(labels.isDeleted, false),
          sessions.syncLabels,
          ne(sessions.wanted, 'removed'),
          inArray(
            labels.tag,
            off.map((wish) => wish.tag),
          ),
        ),
      ),
  ])
  const [added, held] = [new Set(origins.map(({ tag }) => tag)), new Set(elsewhere.map(({ tag }) => tag))]
  const isMine = ({ tag, because }: Wish) =>
    because === 'label' ? added.has(tag) && !held.has(tag) : because === 'account' || because === 'shared'
  return new Set(off.filter(isMine).map((wish) => wish.tag))
}
