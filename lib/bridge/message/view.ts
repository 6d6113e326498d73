/** A message as people see it: in the log, through the API. */
import { and, eq, gt, inArray, sql, type SQL } from 'drizzle-orm'
import type { Queryable } from '@/db/client'
import type { TenantVault } from '@/db/vault'
import {
  messages,
  parts,
  type MessageOrigin,
  type MessageStatus,
  type PartState,
  type RoutingTrace,
} from '@/db/schema/messages'
import { lanes } from '@/db/schema/deliveries'
import { people } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import type { SessionStatus } from '@/db/schema/sessions'
import type { LocationId, MessageId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { personOf } from '../reach'
import { holdingStatuses } from '../session/session'
import { contentText } from './content-text'
import { describeSession, messageStatuses, type FailureCode } from './message'
import { openBody } from './stored'

/** `held` is `queued` seen while its session may come back by itself. */
export const shownStatuses = [...messageStatuses, 'held'] as const
export type ShownStatus = MessageStatus | 'held'

export interface MessageView {
  id: string
  locationId: string
  direction: 'inbound' | 'outbound'
  origin: MessageOrigin
  status: ShownStatus
  /** Why it waits, while it does. */
  reason: string | null
  failure: { code: FailureCode; message: string } | null
  session: { id: string; label: string; phone: string | null; priority: number } | null
  sessionId: string | null
  contactId: string | null
  contact: { id: string | null; name: string | null; phone: string | null } | null
  userId: string | null
  crmMessageId: string | null
  to: string | null
  /** Null for readers whose role does not include what people write. */
  text: string | null
  attachmentCount: number
  parts: { id: string; seq: number; status: PartState; sentAt: string | null }[]
  trace: RoutingTrace | null
  occurredAt: string
  createdAt: string
  updatedAt: string
}

export interface MessageRow {
  message: typeof messages.$inferSelect
  person: typeof people.$inferSelect | null
  session: typeof sessions.$inferSelect | null
}

export function selectMessages(tx: Queryable, where: SQL | undefined) {
  return tx
    .select({ message: messages, person: people, session: sessions })
    .from(messages)
    .leftJoin(people, eq(people.id, messages.personId))
    .leftJoin(sessions, eq(sessions.id, messages.sessionId))
    .where(where)
    .$dynamic()
}

/** The rows, read as this actor may read them. All of one sub-account. */
export async function viewMessages(
  ctx: BridgeContext,
  actor: Actor,
  locationId: LocationId,
  rows: readonly MessageRow[],
): Promise<MessageView[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ message }) => message.id)
  const [vault, notBefore, partRows] = await Promise.all([
    ctx.vault.forTenant(locationId),
    windowsOf(ctx, rows),
    ctx.db
      .select({ id: parts.id, messageId: parts.messageId, seq: parts.seq, state: parts.state, sentAt: parts.sentAt })
      .from(parts)
      .where(and(eq(parts.locationId, locationId), inArray(parts.messageId, ids)))
      .orderBy(parts.seq),
  ])
  return rows.map((row) => {
    const mayRead = mayReadPeople(actor, row)
    return viewMessage(
      row,
      mayRead ? readBody(vault, row.message) : null,
      partRows.filter((part) => part.messageId === row.message.id),
      mayRead,
      notBefore.get(row.message.id) ?? null,
    )
  })
}

/** Longer than any retry: who waits longer has sent as much as it may. */
const longerThanRetryMs = 90_000

/** From when messages that wait for their turn may leave, where that is a while. */
async function windowsOf(ctx: BridgeContext, rows: readonly MessageRow[]): Promise<Map<MessageId, Date>> {
  const waiting = rows.filter(({ message }) => message.status === 'queued' && message.chatId !== null)
  if (waiting.length === 0) return new Map()
  const found = await ctx.db
    .select({ id: lanes.id, dueAt: lanes.dueAt })
    .from(lanes)
    .where(
      and(
        inArray(
          lanes.id,
          waiting.map(({ message }) => `chat:${message.chatId}`),
        ),
        gt(lanes.dueAt, new Date(ctx.clock.now().getTime() + longerThanRetryMs)),
        sql`${lanes.dueAt} < 'infinity'`,
      ),
    )
  const byLane = new Map(found.map(({ id, dueAt }) => [id, dueAt]))
  return new Map(
    waiting.flatMap(({ message }) => {
      const at = byLane.get(`chat:${message.chatId}`)
      return at ? [[message.id, at] as const] : []
    }),
  )
}

function readBody(vault: TenantVault, message: MessageRow['message']): { text: string; attachmentCount: number } {
  const body = openBody(vault, message.id, message.bodySealed)
  return body.kind === 'written'
    ? { text: body.text, attachmentCount: body.attachments.length }
    : { text: contentText(body.content, message.occurredAt, null), attachmentCount: 0 }
}

/** A location's plain user reads what they sent themselves; whose contact is whose is not known here. */
function mayReadPeople(actor: Actor, { message }: MessageRow): boolean {
  const person = personOf(actor)
  return person.role !== 'location_user' || (message.userId !== null && message.userId === person.userId)
}

function viewMessage(
  { message, person, session: row }: MessageRow,
  body: { text: string; attachmentCount: number } | null,
  partRows: { id: string; messageId: MessageId; seq: number; state: PartState; sentAt: Date | null }[],
  mayRead: boolean,
  notBefore: Date | null,
): MessageView {
  const session = row?.wanted === 'removed' ? null : row
  const status = shownStatus(message.status, session?.status ?? null)
  return {
    id: message.id,
    locationId: message.locationId,
    direction: message.direction,
    origin: message.origin,
    status,
    reason: waitingReason({ ...message, notBefore }, status, session),
    failure:
      message.failureCode === null
        ? null
        : { code: message.failureCode as FailureCode, message: message.failureMessage ?? '' },
    session: session && { id: session.id, label: session.label, phone: session.phone, priority: session.priority },
    sessionId: session?.id ?? null,
    contactId: message.contactId ?? person?.contactId ?? null,
    contact: person && {
      id: person.contactId,
      name: mayRead ? person.name : null,
      phone: mayRead ? person.phone : null,
    },
    userId: message.userId,
    crmMessageId: message.crmMessageId,
    to: mayRead ? message.toPhone : null,
    text: body?.text ?? null,
    attachmentCount: body?.attachmentCount ?? 0,
    parts: partRows.map((part) => ({
      id: part.id,
      seq: part.seq,
      status: part.state,
      sentAt: part.sentAt?.toISOString() ?? null,
    })),
    trace: message.trace && { ...message.trace, text: inTense(message.trace.text, message.status) },
    occurredAt: message.occurredAt.toISOString(),
    createdAt: message.createdAt.toISOString(),
    updatedAt: message.updatedAt.toISOString(),
  }
}

/** The trace is written when the session is chosen; what became of the message since says how to put it. */
function inTense(text: string, status: MessageStatus): string {
  if (status === 'failed') return text.replace(/^Sent on /, 'Was to be sent on ')
  return status === 'received' || status === 'queued' ? text.replace(/^Sent on /, 'Will be sent on ') : text
}

export function shownStatus(status: MessageStatus, session: SessionStatus | null): ShownStatus {
  return status === 'queued' && session !== null && holdingStatuses.includes(session) ? 'held' : status
}

export function waitingReason(
  message: {
    status: MessageStatus
    readBack: 'needed' | 'done' | null
    direction: 'inbound' | 'outbound'
    /** Its session has sent as much as it may until then. */
    notBefore?: Date | null
  },
  shown: ShownStatus,
  session: { label: string; phone: string | null; status: SessionStatus } | null,
): string | null {
  if (message.direction === 'inbound') return null
  if (shown === 'received') {
    if (message.readBack === 'needed') return 'Waiting until the CRM confirms that it asked for this message.'
    if (session) return 'Waiting until the CRM says whether this contact may be written to.'
    return 'Waiting until the session it leaves from is chosen.'
  }
  if (shown === 'held' && session)
    return session.status === 'starting'
      ? `Waiting while ${describeSession(session)} starts.`
      : `Waiting while ${describeSession(session)} reconnects.`
  if (shown === 'queued' && session && message.notBefore)
    return `Waiting until ${message.notBefore.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${describeSession(session)} has sent as much as it may for now.`
  if (shown === 'queued') return 'Waiting for its turn.'
  if (shown === 'sending' && session && session.status !== 'connected')
    return `It may have been sent; that is known once ${describeSession(session)} is connected again.`
  return null
}
