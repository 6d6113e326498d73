import { and, desc, eq, inArray, isNull, lt, notInArray, or, type SQL } from 'drizzle-orm'
import { messages } from '@/db/schema/messages'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { BridgeError } from '@/lib/errors'
import type { ContactId, LocationId, MessageId, SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { formatCursor, parseCursor, type Page, type PageRequest } from '../paging'
import { isUuid, reachSubAccount } from '../reach'
import { holdingStatuses } from '../session/session'
import { selectMessages, viewMessages, type MessageView, type ShownStatus } from './view'

export interface MessageFilter {
  sessionId?: SessionId | undefined
  status?: ShownStatus | undefined
  direction?: 'inbound' | 'outbound' | undefined
  contactId?: ContactId | undefined
}

/** The sub-account's log, newest first. */
export async function listMessages(
  ctx: BridgeContext,
  actor: Actor,
  input: PageRequest & MessageFilter & { locationId: LocationId },
): Promise<Page<MessageView>> {
  await reachSubAccount(ctx.db, actor, input.locationId)
  const rows = await selectMessages(
    ctx.db,
    and(eq(messages.locationId, input.locationId), matching(input), olderThan(input.cursor)),
  )
    .orderBy(desc(messages.id))
    .limit(input.limit + 1)
  const shown = rows.slice(0, input.limit)
  const last = shown.at(-1)
  return {
    items: await viewMessages(ctx, actor, input.locationId, shown),
    nextCursor: rows.length > input.limit && last ? formatCursor([last.message.id]) : null,
  }
}

function matching(filter: MessageFilter): SQL | undefined {
  return and(
    filter.sessionId === undefined ? undefined : eq(messages.sessionId, filter.sessionId),
    filter.direction === undefined ? undefined : eq(messages.direction, filter.direction),
    filter.contactId === undefined
      ? undefined
      : or(eq(messages.contactId, filter.contactId), eq(people.contactId, filter.contactId)),
    statusIs(filter.status),
  )
}

function statusIs(status: ShownStatus | undefined): SQL | undefined {
  if (status === undefined) return undefined
  if (status === 'held') return and(eq(messages.status, 'queued'), inArray(sessions.status, [...holdingStatuses]))
  if (status === 'queued')
    return and(
      eq(messages.status, 'queued'),
      or(isNull(sessions.status), notInArray(sessions.status, [...holdingStatuses])),
    )
  return eq(messages.status, status)
}

function olderThan(cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined
  const [id] = parseCursor(cursor, ['string'])
  if (!isUuid(String(id)))
    throw new BridgeError('bad_request', 'The cursor is not one this list gave.', { fields: { cursor: 'unknown' } })
  return lt(messages.id, id as MessageId)
}
