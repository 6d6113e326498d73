import { and, eq, gt, inArray, ne, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { labelTags, tagStates, tagWrites } from '@/db/schema/tags'
import type { BridgeContext } from '../context'
import { followTags } from '../labels/follow-tags'
import { loadSettings } from '../sub-account/read-settings'
import type { Settings } from '../sub-account/settings'
import { setAffinity } from './affinity'
import type { PersonRow } from './lock-person'
import { putTagDeliveries } from './tag-delivery'
import { compareTags, isPushedTag, isTagEcho, ownWriteForMs, sessionOfTags, tidyTags, type TagChanges } from './tags'

export interface ToldTags {
  tags: readonly string[]
  /**
   * `event`: the CRM's account of some moment, maybe an old one. `glance`: read just now, while a write of ours may be on its
   * way. `read`: read by whoever works the person's tag lane, so after all our writes and before the next.
   */
  how: 'event' | 'glance' | 'read'
  /** When the event happened, by the CRM's clock; when reading began, by the database's. */
  at?: Date | null
}

/**
 * Takes over what the CRM says of a contact's tags, of a person whose row the caller has locked, and does what follows for the
 * route and for labels. Events come late, twice and out of order, and our own writes come back as events; so an event is
 * believed for what it newly says, and the contact is read whenever it could be wrong.
 */
export async function learnTags(
  ctx: BridgeContext,
  tx: Transaction,
  person: PersonRow,
  told: ToldTags,
): Promise<PersonRow> {
  const now = tidyTags(told.tags)
  const before = person.tags
  const [state] = await tx.select().from(tagStates).where(eq(tagStates.personId, person.id))
  const oldest = new Date(ctx.clock.now().getTime() - ownWriteForMs)
  const writes = await tx
    .select({ tag: tagWrites.tag, added: tagWrites.added })
    .from(tagWrites)
    .where(and(eq(tagWrites.personId, person.id), gt(tagWrites.writtenAt, oldest)))
  const has = new Set(now)
  /** Older than our write, or somebody undid it: only reading tells. */
  const against = new Set(writes.filter((write) => write.added !== has.has(write.tag)).map((write) => write.tag))
  const all = compareTags(before ?? [], now)
  const isNews = (tag: string, added: boolean) =>
    !isTagEcho(writes, tag, added) && (told.how === 'read' || !against.has(tag))
  const changes: TagChanges = {
    added: all.added.filter((tag) => isNews(tag, true)),
    removed: all.removed.filter((tag) => isNews(tag, false)),
  }
  // The two clocks may differ by a little: an event taken for older than it is only costs a read.
  const isNewest = (at: Date) => (!state?.toldAt || at > state.toldAt) && (!state?.readAt || at > state.readAt)
  const isInOrder = told.how !== 'event' || (told.at != null && isNewest(told.at))
  const context = await loadTagContext(tx, person)
  const concerns = [...changes.added, ...changes.removed, ...against].some(
    (tag) =>
      context.accountTags.includes(tag) || against.has(tag) || isPushedTag(tag, context.accountTags, context.settings),
  )
  const isSame = all.added.length + all.removed.length === 0 && before !== null
  const needsRead = told.how !== 'read' && (concerns || (!isInOrder && !isSame && before !== null))
  if (isSame && !needsRead && (told.how !== 'read' || !state?.needsRead)) return person

  let learned = person
  if (isInOrder || before === null) {
    const kept = told.how === 'read' ? now : [...now.filter((tag) => !against.has(tag)), ...keptOf(writes, against)]
    await tx.update(people).set({ tags: kept }).where(eq(people.id, person.id))
    learned = { ...person, tags: kept }
  }
  const version = sql`${tagStates.version} + 1`
  const next = {
    ...(told.how === 'read' ? { needsRead: false } : needsRead ? { needsRead: true } : {}),
    ...(told.how === 'event' && isInOrder && told.at ? { toldAt: told.at } : {}),
    ...(told.how === 'read' && told.at ? { readAt: told.at } : {}),
  }
  await tx
    .insert(tagStates)
    .values({ personId: person.id, version: 1, ...next })
    .onConflictDoUpdate({ target: tagStates.personId, set: { version, ...next } })
  if (isInOrder || before === null)
    learned = await conclude(ctx, tx, learned, { changes, context, isFirst: before === null && told.how !== 'event' })
  if (told.how === 'read' && against.size > 0)
    await tx.delete(tagWrites).where(and(eq(tagWrites.personId, person.id), inArray(tagWrites.tag, [...against])))
  if (needsRead) await putTagDeliveries(tx, [person])
  return learned
}

/** What our own writes have made of the tags an event contradicts. */
const keptOf = (writes: readonly { tag: string; added: boolean }[], against: ReadonlySet<string>) =>
  writes.filter((write) => write.added && against.has(write.tag)).map((write) => write.tag)

export interface TagContext {
  settings: Settings
  sessions: {
    id: PersonRow['affinitySessionId'] & string
    priority: number
    accountTag: string | null
    syncLabels: boolean
    pushTags: boolean
  }[]
  accountTags: string[]
  /** Whether tags other than account tags matter to any session's labels. */
  follows: boolean
}

export async function loadTagContext(tx: Transaction, person: Pick<PersonRow, 'locationId'>): Promise<TagContext> {
  const [settings, rows] = await Promise.all([
    loadSettings(tx, person.locationId),
    tx
      .select({
        id: sessions.id,
        priority: sessions.priority,
        accountTag: sessions.accountTag,
        syncLabels: sessions.syncLabels,
        pushTags: sessions.pushTags,
      })
      .from(sessions)
      .where(and(eq(sessions.locationId, person.locationId), ne(sessions.wanted, 'removed'))),
  ])
  return {
    settings,
    sessions: rows,
    accountTags: rows.flatMap((row) => row.accountTag ?? []),
    follows: rows.some((row) => row.syncLabels || row.pushTags),
  }
}

async function conclude(
  ctx: BridgeContext,
  tx: Transaction,
  person: PersonRow,
  { changes, context, isFirst }: { changes: TagChanges; context: TagContext; isFirst: boolean },
): Promise<PersonRow> {
  let concluded = person
  // At first sight nobody knows when a tag was put: it does not move a conversation that goes on already.
  if (context.settings.tagMode !== 'off' && !(isFirst && person.affinitySessionId !== null)) {
    const session = sessionOfTags(context.sessions, {
      now: person.tags ?? [],
      changes,
      current: person.affinitySessionId,
    })
    if (session !== undefined) concluded = await setAffinity(tx, person, { session, by: 'tag', at: ctx.clock.now() })
    // A second account tag for the session they are on already: one has to go.
    if (changes.added.some((tag) => context.accountTags.includes(tag))) await putTagDeliveries(tx, [person])
  }
  if (changes.removed.length > 0)
    await tx.delete(labelTags).where(and(eq(labelTags.personId, person.id), inArray(labelTags.tag, changes.removed)))
  await followTags(ctx, tx, concluded, { changes, context, by: 'crm' })
  return concluded
}
