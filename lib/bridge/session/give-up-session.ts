import { eq, sql, type SQL } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { inSteps } from '@/db/in-steps'
import { notifyChange } from '@/db/notify'
import { parts } from '@/db/schema/messages'
import { chats } from '@/db/schema/people'
import { sessions } from '@/db/schema/sessions'
import { inTransaction } from '@/db/transaction'
import type { OwnedSession } from '@/lib/channel/channel'
import type { BridgeContext } from '../context'
import { failQueuedMessages } from '../message/fail-messages'
import type { SessionRow } from '../reach'
import { fence } from './fence'
import { failureAtRest } from './standing'
import { tellStillLinked } from './tell-still-linked'

/**
 * The device is given up: a logged-out session rests, a removed one is erased with its keys. `confirmed`: WhatsApp knows; where
 * it could not be told, people are.
 */
export async function giveUpSession(
  ctx: BridgeContext,
  owned: OwnedSession,
  { confirmed }: { confirmed: boolean },
): Promise<void> {
  // Nobody will try again what the device had on its way. Committed first: PostgreSQL checks rows changed in a transaction
  // against rows erased later in it, and the erasing takes the chats of these messages along.
  const wanted = await inTransaction(ctx.db, async (tx) => {
    const session = await lockOwned(tx, owned)
    if (session && session.wanted !== 'connected')
      await failQueuedMessages(tx, session.id, failureAtRest(session), { inDoubtToo: true })
    // Before the erasing, which may take long: whoever goes on with it knows of no device any more.
    if (session?.isLinked) {
      if (!confirmed) await tellStillLinked(tx, ctx, session)
      await tx.update(sessions).set({ isLinked: false, aliases: [] }).where(eq(sessions.id, owned.id))
    }
    return session?.wanted
  })
  if (wanted === 'removed') await empty(ctx, owned)
  await inTransaction(ctx.db, async (tx) => {
    const session = await lockOwned(tx, owned)
    if (session?.wanted === 'removed') await tx.delete(sessions).where(eq(sessions.id, owned.id))
    await notifyChange(tx, { locationId: owned.locationId, type: 'session', id: owned.id })
  })
}

/** Years of messages are too many to go with the row. They stay in the log, without the session, as they would. */
async function empty(ctx: BridgeContext, owned: OwnedSession): Promise<void> {
  const few = (statement: (limit: number) => SQL) =>
    inSteps((limit) =>
      inTransaction(ctx.db, async (tx) => {
        await fence(tx, owned)
        return await tx.execute(statement(limit))
      }),
    )
  await few(
    (limit) => sql`
      update messages set session_id = null, chat_id = null where id in (
        select id from messages where session_id = ${owned.id} limit ${limit})`,
  )
  await few(
    (limit) => sql`
      delete from deliveries where id in (
        select d.id from lanes l join deliveries d on d.lane_id = l.id where l.session_id = ${owned.id} limit ${limit})`,
  )
  for (const table of [parts, chats])
    await few(
      (limit) => sql`
        delete from ${table} where id in (select id from ${table} where session_id = ${owned.id} limit ${limit})`,
    )
}

async function lockOwned(tx: Transaction, owned: OwnedSession): Promise<SessionRow | undefined> {
  await fence(tx, owned)
  const [session] = await tx.select().from(sessions).where(eq(sessions.id, owned.id)).for('update')
  return session
}
