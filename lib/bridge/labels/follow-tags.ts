import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { chats } from '@/db/schema/people'
import { sharedTags, tagWishes } from '@/db/schema/tags'
import type { SessionId } from '@/lib/ids'
import type { TagContext } from '../contact/learn-tags'
import type { PersonRow } from '../contact/lock-person'
import { isPushedTag, type TagChanges } from '../contact/tags'
import type { BridgeContext } from '../context'
import { wishLabels } from './label-wishes'

/**
 * Tags of a contact change: those chosen to become labels do, on every session that pushes tags and has a chat with them. `by`
 * says whether somebody changed them in the CRM, whose word then replaces what a phone wanted, or a label of a phone does.
 */
export async function followTags(
  ctx: BridgeContext,
  tx: Transaction,
  person: PersonRow,
  { changes, context, by }: { changes: TagChanges; context: TagContext; by: 'crm' | 'phone' },
): Promise<void> {
  const { settings, accountTags } = context
  const pushing = context.sessions.filter((session) => session.pushTags).map((session) => session.id)
  const changed = [
    ...changes.added.map((tag) => ({ tag, isOn: true })),
    ...changes.removed.map((tag) => ({ tag, isOn: false })),
  ].filter(({ tag }) => isPushedTag(tag, accountTags, settings))
  if (pushing.length === 0 || changed.length === 0) return
  const setAt = ctx.clock.now()
  await tx
    .insert(sharedTags)
    .values(changed.map((one) => ({ ...one, personId: person.id, setBy: by, setAt })))
    .onConflictDoUpdate({
      target: [sharedTags.personId, sharedTags.tag],
      set: { isOn: sql`excluded.is_on`, setBy: sql`excluded.set_by`, setAt: sql`excluded.set_at` },
    })
  const tags = changed.map(({ tag }) => tag)
  if (by === 'crm')
    await tx.delete(tagWishes).where(and(eq(tagWishes.personId, person.id), inArray(tagWishes.tag, tags)))
  const wishes = changed.map(({ tag, isOn }) => ({ tag, wanted: isOn }))
  for (const sessionId of await withChat(tx, person, pushing)) await wishLabels(ctx, tx, sessionId, person, wishes)
}

async function withChat(
  tx: Transaction,
  person: Pick<PersonRow, 'id'>,
  sessions: readonly SessionId[],
): Promise<SessionId[]> {
  if (sessions.length === 0) return []
  const rows = await tx
    .select({ id: chats.sessionId })
    .from(chats)
    .where(and(eq(chats.personId, person.id), inArray(chats.sessionId, [...sessions])))
    .orderBy(chats.sessionId)
  return rows.map((row) => row.id)
}
