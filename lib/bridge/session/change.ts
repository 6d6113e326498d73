import { and, eq, ne, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { SessionId, UserId } from '@/lib/ids'
import { audit } from '../audit'
import { lockPeopleOf } from '../contact/lock-people'
import { retag } from '../contact/retag'
import type { Actor, BridgeContext } from '../context'
import { switchLabelSync, switchPushTags } from '../labels/switch'
import { reachSession, reachSubAccount, requireAbility, type SessionRow } from '../reach'
import { listUsers } from '../sub-account/list-users'
import { switchContactSync } from '../contact-sync/switch'
import { labelTaken } from './label'
import type { SessionView } from './session'
import { showSession } from './show'

export interface SessionChange {
  label?: string | undefined
  /** Null clears it. */
  assignedUserId?: UserId | null | undefined
  routesForUser?: boolean | undefined
  givesNewContacts?: boolean | undefined
  givesKnownContacts?: 'never' | 'if_unassigned' | 'always' | undefined
  accountTag?: string | undefined
  syncContacts?: boolean | undefined
  syncLabels?: boolean | undefined
  pushTags?: boolean | undefined
}

/** Changes what people set of a session. Who it is assigned to must be a user of the sub-account at this moment. */
export async function changeSession(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; change: SessionChange },
): Promise<SessionView> {
  const session = await reachSession(ctx.db, actor, input.sessionId)
  const { locationId, assignedUserId } = session
  requireAbility(actor, 'edit_sessions')
  const user = input.change.assignedUserId
  // Asked outside the transaction: the CRM may take its time.
  if (user && user !== assignedUserId) {
    const isKnown = async (options: { anew?: boolean }) =>
      (await listUsers(ctx, actor, locationId, options)).items.some(({ id }) => id === user)
    // Somebody new may not be in what is remembered.
    if (!(await isKnown({})) && !(await isKnown({ anew: true })))
      throw new BridgeError('bad_request', 'This person is not an active user of the sub-account. Choose another.', {
        fields: { assignedUserId: 'not an active user of the sub-account' },
      })
  }
  const { accountTag, pushTags, syncLabels } = input.change
  return await inTransaction(ctx.db, async (tx) => {
    if (accountTag !== undefined || pushTags || syncLabels) await lockPeopleOf(tx, session)
    // Names and tags are given under the sub-account's lock, here and on creation, so two people cannot give the same at once.
    await reachSubAccount(tx, actor, locationId, { lock: true })
    const before = await reachSession(tx, actor, input.sessionId, { lock: true })
    const change = differences(before, input.change)
    if (Object.keys(change).length === 0) return await showSession(ctx, tx, before, actor)
    if (change.label !== undefined) await refuseNamesake(tx, before, change.label)
    if (change.accountTag) await refuseSameTag(tx, before, change.accountTag)
    const [after] = await tx.update(sessions).set(change).where(eq(sessions.id, input.sessionId)).returning()
    if (change.syncContacts !== undefined) await switchContactSync(tx, after!, change.syncContacts)
    if (change.accountTag !== undefined) await retag(ctx, tx, before, before.accountTag)
    // Pushed tags first: which labels go both ways decides what a sync makes of them.
    if (change.pushTags !== undefined) await switchPushTags(ctx, tx, after!, change.pushTags)
    if (change.syncLabels !== undefined) await switchLabelSync(ctx, tx, after!, change.syncLabels)
    await recordChange(tx, ctx, actor, before, change)
    await notifyChange(tx, { locationId, type: 'session', id: input.sessionId })
    return await showSession(ctx, tx, after!, actor)
  })
}

type Settable = Partial<Pick<SessionRow, keyof SessionChange>>

function differences(before: SessionRow, change: SessionChange): Settable {
  const entries = Object.entries(change).filter(
    ([key, value]) => value !== undefined && before[key as keyof SessionChange] !== value,
  )
  return Object.fromEntries(entries) as Settable
}

async function refuseNamesake(tx: Transaction, session: SessionRow, label: string): Promise<void> {
  const [namesake] = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(
      and(
        eq(sessions.locationId, session.locationId),
        ne(sessions.id, session.id),
        sql`lower(${sessions.label}) = lower(${label})`,
      ),
    )
  if (namesake) throw labelTaken(label)
}

async function refuseSameTag(tx: Transaction, session: SessionRow, tag: string): Promise<void> {
  const [other] = await tx
    .select({ label: sessions.label })
    .from(sessions)
    .where(and(eq(sessions.locationId, session.locationId), ne(sessions.id, session.id), eq(sessions.accountTag, tag)))
  if (other)
    throw new BridgeError('conflict', `The session "${other.label}" already has this tag. Choose a different one.`, {
      fields: { accountTag: 'taken' },
    })
}

async function recordChange(
  tx: Transaction,
  ctx: BridgeContext,
  actor: Actor,
  before: SessionRow,
  change: Settable,
): Promise<void> {
  const { label, ...rest } = change
  const { locationId, id } = before
  if (label !== undefined)
    await audit(tx, ctx, actor, {
      ...{ locationId, action: 'session.renamed', subject: id },
      detail: { from: before.label, to: label },
    })
  if (Object.keys(rest).length === 0) return
  const was = Object.fromEntries(Object.keys(rest).map((key) => [key, before[key as keyof SessionChange]]))
  await audit(tx, ctx, actor, {
    ...{ locationId, action: 'session.changed', subject: id },
    detail: { before: was, after: rest },
  })
}
