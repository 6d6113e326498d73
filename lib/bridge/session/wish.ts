/** The frame every wish of a person shares: reach, lock, role, change, audit, wake-ups, all in one transaction. */
import { eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyJob, notifyWork } from '@/db/notify'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import { audit } from '../audit'
import type { Actor, BridgeContext } from '../context'
import { underneath } from '../entitlement/overlay'
import { reachSession, requireAbility, type Ability, type SessionRow } from '../reach'

export interface WishInput {
  sessionId: SessionId
  ability: Ability
  /** What the audit calls it. */
  action: string
  /** What has to be locked before the session. */
  first?: (tx: Transaction) => Promise<void>
  /** What to change, as if the session were not suspended; null when it is so already, which changes nothing and tells nobody. */
  decide: (tx: Transaction, session: SessionRow) => Promise<Partial<SessionRow> | null>
}

export async function expressWish(ctx: BridgeContext, actor: Actor, input: WishInput): Promise<SessionRow> {
  return await inTransaction(ctx.db, async (tx) => {
    await input.first?.(tx)
    const session = await reachSession(tx, actor, input.sessionId, { lock: true })
    requireAbility(actor, input.ability)
    const change = await input.decide(tx, session)
    if (change === null) return session
    const [changed] = await tx
      .update(sessions)
      .set(underneath(session, change))
      .where(eq(sessions.id, session.id))
      .returning()
    await audit(tx, ctx, actor, {
      locationId: session.locationId,
      action: input.action,
      subject: session.id,
      detail: { label: session.label, status: session.status },
    })
    await notifyWork(tx, session.id)
    await notifyJob(tx, 'alerts')
    await notifyChange(tx, { locationId: session.locationId, type: 'session', id: session.id })
    return changed!
  })
}

/** Why a session cannot be started as it is. */
export function refusedStart(session: SessionRow): BridgeError {
  return new BridgeError(
    'wrong_status',
    session.status === 'suspended'
      ? 'This session is suspended. It can be started once it is paid for.'
      : 'This session has no linked number. Link one by scanning the QR code.',
    { fields: { status: session.status } },
  )
}

/** WhatsApp said until when it wants no login of this number. Throws `wrong_status` before that. */
export function refuseWhileBanned(ctx: BridgeContext, { status, nextRetryAt }: SessionRow): void {
  const isAtRest = status === 'banned' || status === 'logged_out'
  if (!isAtRest || nextRetryAt === null || nextRetryAt <= ctx.clock.now()) return
  const until = nextRetryAt.toISOString().slice(0, 16).replace('T', ' ')
  throw new BridgeError('wrong_status', `WhatsApp blocked this number until ${until} UTC. Try again after that.`, {
    fields: { status },
  })
}

/** A fresh start: whatever was retried or complained about before is over. */
export function startingAnew(ctx: BridgeContext, session: SessionRow): Partial<SessionRow> {
  return {
    wanted: 'connected',
    wish: session.wish + 1,
    status: 'starting',
    reason: null,
    attempt: 0,
    nextRetryAt: null,
    since: ctx.clock.now(),
  }
}
