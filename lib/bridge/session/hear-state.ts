import { and, eq, ne, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyChange, notifyJob } from '@/db/notify'
import { pairings, sessions, type SessionStatus } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { LineEvent, OwnedSession } from '@/lib/channel/channel'
import type { SessionId } from '@/lib/ids'
import { bringAffinities } from '../contact/move-affinities'
import type { BridgeContext } from '../context'
import { beginTrial } from '../entitlement/begin-trial'
import { below, underneath } from '../entitlement/overlay'
import { failQueuedMessages } from '../message/fail-messages'
import { describeSession } from '../message/message'
import { fence } from './fence'
import { holdQueued, releaseHeld } from './hold-messages'
import { dropPairing, pairingPlace } from './pairing'
import type { SessionRow } from '../reach'
import { holdingStatuses, unlinkedStatus } from './session'
import { failureOf } from './standing'

type HeardState = Extract<LineEvent, { type: 'state' }>

/** What the worker has to do about it: nothing, or undo a link that must not be. */
export type Heard = 'heard' | 'refuse_link'

/**
 * Records what became of a line. A person's stop, log-out or delete beats whatever the line still says. A session that went down
 * for good fails what it still had to send, now and with the reason. Throws LostOwnership.
 */
export async function hearState(ctx: BridgeContext, owned: OwnedSession, event: HeardState): Promise<Heard> {
  const textSealed = event.pairing
    ? await ctx.vault.seal(pairingPlace(owned.locationId, owned.id), event.pairing.text)
    : null
  let phone: string | null = null
  const heard = await inTransaction(ctx.db, async (tx): Promise<Heard> => {
    phone = null
    await fence(tx, owned)
    const [stored] = await tx.select().from(sessions).where(eq(sessions.id, owned.id)).for('no key update')
    if (!stored || stored.wanted !== 'connected' || stored.hungUpAt !== null) return 'heard'
    const session = below(stored)

    if (event.account && (event.state === 'linking' || event.state === 'connected')) {
      const twin = await otherWithNumber(tx, session, event.account.phone)
      if (twin) {
        await rest(tx, ctx, session, {
          ...{ status: unlinkedStatus(session), reason: 'duplicate_number', isLinked: false },
          duplicateOf: twin,
        })
        return 'refuse_link'
      }
    }
    if (textSealed && event.pairing) {
      const { kind, expiresAt } = event.pairing
      await tx
        .insert(pairings)
        .values({ sessionId: session.id, kind, textSealed, expiresAt })
        .onConflictDoUpdate({ target: pairings.sessionId, set: { kind, textSealed, expiresAt } })
      await notifyChange(tx, { locationId: session.locationId, type: 'qr', id: session.id })
    } else if (event.state !== 'awaiting_link') await dropPairing(tx, session.id)

    switch (event.state) {
      case 'unpaired':
        await rest(tx, ctx, session, { status: unlinkedStatus(session), reason: event.reason ?? 'pairing_timeout' })
        break
      case 'logged_out':
      case 'banned':
      case 'failed':
        await rest(tx, ctx, session, {
          status: event.state,
          reason: event.reason ?? null,
          ...(event.retryAt ? { nextRetryAt: event.retryAt } : {}),
          ...(event.state === 'logged_out' ? { isLinked: false } : {}),
        })
        break
      default:
        phone = await go(tx, ctx, session, event)
    }
    return 'heard'
  })
  // Also what a crash has left of it when the number was linked.
  if (phone !== null) await bringAffinities(ctx, { id: owned.id, locationId: owned.locationId, phone })
  return heard
}

/** On its way or connected: the worker goes on. Answers the number that has a link now, as far as it is known. */
async function go(tx: Transaction, ctx: BridgeContext, session: SessionRow, event: HeardState): Promise<string | null> {
  // Taken over from another worker, a session that was working is coming back; only what a person started is starting.
  const wasUp = session.isLinked && (session.status === 'connected' || session.status === 'reconnecting')
  const status: SessionStatus = event.state === 'starting' && wasUp ? 'reconnecting' : (event.state as SessionStatus)
  // Another number than the session's: the line will undo the link, and the session's number is still the old one.
  const isStranger = event.account && session.phone !== null && event.account.phone !== session.phone
  const account = isStranger ? undefined : event.account
  const connected = status === 'connected'
  const change: Partial<SessionRow> = {
    status,
    reason: event.reason ?? null,
    attempt: event.attempt ?? 0,
    nextRetryAt: event.retryAt ?? null,
    ...(session.status === status && session.reason === (event.reason ?? null) ? {} : { since: ctx.clock.now() }),
    ...(event.account ? { isLinked: true, codePhone: null } : {}),
    ...(account
      ? {
          phone: account.phone,
          aliases: account.aliases,
          pushName: account.name,
          platform: account.platform,
        }
      : {}),
    ...(connected && session.status !== 'connected' && !session.connectedAt ? { connectedAt: ctx.clock.now() } : {}),
    ...(connected && !session.firstLinkedAt ? { firstLinkedAt: ctx.clock.now() } : {}),
  }
  await tx.update(sessions).set(underneath(session, change)).where(eq(sessions.id, session.id))
  if (connected && session.status !== 'connected') {
    const phone = account?.phone ?? session.phone
    await beginTrial(tx, ctx, session.locationId, phone ? [phone] : [])
    await notifyJob(tx, 'alerts')
  }
  const known = { ...session, ...change }
  if (connected) await releaseHeld(tx, known)
  else if (holdingStatuses.includes(status)) await holdQueued(tx, known)
  // A person has to scan first: what was to wait for a connection does not wait for that.
  else if (status === 'awaiting_link' && session.status !== status)
    await failQueuedMessages(tx, session.id, failureOf(known, 'session_down'))
  await notifyChange(tx, { locationId: session.locationId, type: 'session', id: session.id })
  return account?.phone ?? null
}

/** Down until a person acts: nobody is asked to hold it any more. */
async function rest(
  tx: Transaction,
  ctx: BridgeContext,
  session: SessionRow,
  change: Partial<SessionRow>,
): Promise<void> {
  const sentences: Partial<Record<SessionStatus, string>> = {
    logged_out: 'is logged out. Re-scan it in Sessions, then send again.',
    banned: 'is blocked by WhatsApp. Look at Sessions.',
  }
  const what = sentences[change.status!] ?? 'is not connected. Look at Sessions, then send again.'
  await dropPairing(tx, session.id)
  await tx
    .update(sessions)
    .set({
      ...{ wanted: 'closed', attempt: 0, nextRetryAt: null, codePhone: null },
      ...underneath(session, { since: ctx.clock.now(), ...change }),
    })
    .where(eq(sessions.id, session.id))
  await failQueuedMessages(
    tx,
    session.id,
    { code: 'session_down', message: `Not sent: ${describeSession(session)} ${what}` },
    { inDoubtToo: change.status === 'logged_out' || change.status === 'banned' },
  )
  await notifyJob(tx, 'alerts')
  await notifyChange(tx, { locationId: session.locationId, type: 'session', id: session.id })
}

async function otherWithNumber(tx: Transaction, session: SessionRow, phone: string): Promise<SessionId | null> {
  // Two sessions being linked with one number at once: the second waits here and then sees the first.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('number'), hashtext(${phone}))`)
  const twins = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(
      and(
        eq(sessions.phone, phone),
        ne(sessions.id, session.id),
        ne(sessions.wanted, 'removed'),
        eq(sessions.isLinked, true),
      ),
    )
    .limit(1)
  return twins[0]?.id ?? null
}
