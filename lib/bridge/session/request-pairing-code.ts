import { and, eq } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { notifyWork } from '@/db/notify'
import { pairings, sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import type { SessionId } from '@/lib/ids'
import type { Actor, BridgeContext } from '../context'
import { reachSession, type SessionRow } from '../reach'
import { inWords, msUntilAllowed, type Limit } from './how-often'
import { dropPairing, pairingPlace, parsePairingPhone, type PairingCodeView } from './pairing'
import { untilTrue } from './until-true'
import { expressWish, refuseWhileBanned, startingAnew } from './wish'

const action = 'session.code_asked'
const spacingMs = 30_000
const hourly: Limit = { count: 5, withinMs: 3_600_000 }
const answerWithinMs = 10_000

/**
 * A code to type on the phone instead of scanning. The worker that holds the session asks the network for it; this waits
 * for the answer. A new request replaces the code before.
 */
export async function requestPairingCode(
  ctx: BridgeContext,
  actor: Actor,
  input: { sessionId: SessionId; phone: string },
): Promise<PairingCodeView> {
  const phone = parsePairingPhone(input.phone)
  if (phone === null)
    throw new BridgeError('bad_request', 'Give the phone number with its country code, 6 to 15 digits.', {
      fields: { phone: 'not a phone number with country code' },
    })
  const askedAt = ctx.clock.now()
  const { locationId } = await expressWish(ctx, actor, {
    sessionId: input.sessionId,
    ability: 'link_sessions',
    action,
    async decide(tx, session) {
      refuseUnlessUnlinked(session)
      refuseWhileBanned(ctx, session)
      await keepWithinLimits(tx, session, askedAt)
      await dropPairing(tx, session.id)
      const asked = { codePhone: phone, codeAskedAt: askedAt }
      return session.status === 'awaiting_link' || session.status === 'starting'
        ? { ...asked, wanted: 'connected' }
        : { ...startingAnew(ctx, session), ...asked }
    },
  })

  let code: PairingCodeView | null = null
  await untilTrue(ctx, answerWithinMs, async () => {
    const session = await reachSession(ctx.db, actor, input.sessionId)
    if (session.codeAskedAt?.getTime() !== askedAt.getTime())
      throw new BridgeError('conflict', 'Another pairing code was asked for in the meantime. Use that one.')
    if (!['starting', 'awaiting_link'].includes(session.status)) refuseUnlessUnlinked(session, true)
    const [pairing] = await ctx.db
      .select()
      .from(pairings)
      .where(and(eq(pairings.sessionId, input.sessionId), eq(pairings.kind, 'code')))
    if (!pairing) return false
    const text = await ctx.vault.open(pairingPlace(locationId, input.sessionId), pairing.textSealed)
    code = { code: text.toString(), expiresAt: pairing.expiresAt.toISOString() }
    return true
  })
  if (code !== null) return code

  await withdraw(ctx, input.sessionId, askedAt)
  throw new BridgeError(
    'unavailable',
    'WhatsApp gave no pairing code in time. Try again in a moment, or scan the QR code.',
    {
      retryAfterSeconds: Math.ceil((spacingMs - answerWithinMs) / 1000),
    },
  )
}

function refuseUnlessUnlinked(session: SessionRow, isWaiting = false): void {
  const impossible = session.isLinked || ['linking', 'connected', 'reconnecting', 'suspended'].includes(session.status)
  if (!impossible && !(isWaiting && session.status !== 'starting')) return
  throw new BridgeError(
    'wrong_status',
    impossible
      ? 'A pairing code is only given while no number is linked. Log out first to link another one.'
      : 'Linking ended before a pairing code was given. Try again.',
    { fields: { status: session.status } },
  )
}

async function keepWithinLimits(tx: Transaction, session: SessionRow, now: Date): Promise<void> {
  const sinceLastMs = session.codeAskedAt ? now.getTime() - session.codeAskedAt.getTime() : Infinity
  const { id: sessionId, locationId } = session
  const untilHourlyMs = await msUntilAllowed(tx, { locationId, sessionId, actions: [action], now }, hourly)
  const waitMs = Math.max(untilHourlyMs, spacingMs - sinceLastMs)
  if (waitMs <= 0) return
  const seconds = Math.ceil(waitMs / 1000)
  throw new BridgeError(
    'too_many_requests',
    `WhatsApp limits pairing codes. Ask again in ${inWords(seconds)}, or scan the QR code.`,
    { retryAfterSeconds: seconds },
  )
}

/** Nobody waits for the answer any more, so no worker should ask the network for it. */
async function withdraw(ctx: BridgeContext, sessionId: SessionId, askedAt: Date): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await tx
      .update(sessions)
      .set({ codePhone: null })
      .where(and(eq(sessions.id, sessionId), eq(sessions.codeAskedAt, askedAt)))
    await notifyWork(tx, sessionId)
  })
}
