/**
 * The delivery `contacts`: compares a book that was read with the CRM, or brings what is due into it, a few hundred a time.
 * One lane per sub-account, so its sessions share one pace. What a crash interrupts is done again; nothing of it makes a
 * contact twice.
 */
import { and, asc, eq, sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { contactSyncs, savedContacts } from '@/db/schema/contact-sync'
import { sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { inTransaction } from '@/db/transaction'
import { CrmError } from '@/lib/highlevel/highlevel'
import type { SessionId } from '@/lib/ids'
import type { ClaimedDelivery } from '@/lib/outbox/claim'
import { HoldLost } from '@/lib/outbox/hold-lost'
import { settleDeliveries } from '@/lib/outbox/settle'
import type { BridgeContext } from '../context'
import type { SessionRow } from '../reach'
import { settingsOf, type Settings } from '../sub-account/settings'
import { problemOf, type ContactSyncRow } from './contact-sync'
import { readFacts } from './facts'
import { planContacts } from './plan'
import { pushContact, type Pushed } from './push-contact'
import { recordPushed } from './record-pushed'
import { lockSync, notifySync, putNext, startRun } from './switch'

const perDelivery = 500
const batchSize = 25
/** Asked of the CRM side by side; a lookup takes longer than the pace allows. */
const atOnce = 4

export interface ContactPace {
  /** From the start of one contact to that of the next. */
  everyMs: number
}

interface Work {
  ctx: BridgeContext
  session: SessionRow
  settings: Settings
  isHeld(): boolean
  delivery: ClaimedDelivery
  pace: ContactPace
}

/** Throws CrmError; settles the delivery when it is done. */
export async function pushContacts(
  ctx: BridgeContext,
  owner: string,
  delivery: ClaimedDelivery,
  isHeld: () => boolean,
  pace: ContactPace,
): Promise<void> {
  const sessionId = delivery.subjectId as SessionId
  const [found] = await ctx.db
    .select({ sync: contactSyncs, session: sessions, subAccount: subAccounts })
    .from(contactSyncs)
    .innerJoin(sessions, eq(sessions.id, contactSyncs.sessionId))
    .innerJoin(subAccounts, eq(subAccounts.id, contactSyncs.locationId))
    .where(eq(contactSyncs.sessionId, sessionId))
  if (!found) return await settleDeliveries(ctx.db, owner, [{ delivery, settlement: { outcome: 'done' } }])
  const work: Work = { ctx, session: found.session, settings: settingsOf(found.subAccount), isHeld, delivery, pace }
  try {
    if (found.sync.state === 'reading' && found.sync.isRead) await planContacts(work, found.sync.reading)
    else if (found.sync.state !== 'off') await pushDue(work)
  } catch (error) {
    if (error instanceof CrmError) await wait(ctx, sessionId, error)
    throw error
  }
  await inTransaction(ctx.db, async (tx) => {
    const sync = await lockSync(tx, sessionId)
    if (sync) await goOn(tx, sync)
    await settleDeliveries(tx, owner, [{ delivery, settlement: { outcome: 'done' } }])
  })
}

/** Decides, under the lock of the sync's row, whether there is more to do. */
async function goOn(tx: Transaction, sync: ContactSyncRow): Promise<void> {
  const { sessionId, state } = sync
  const set = (change: Partial<ContactSyncRow>) =>
    tx.update(contactSyncs).set(change).where(eq(contactSyncs.sessionId, sessionId))
  if (state === 'reading' && sync.isRead && sync.countNew === null) return await putNext(tx, sync)
  await set({ isAtWork: false })
  const [session] = await tx.select({ on: sessions.syncContacts }).from(sessions).where(eq(sessions.id, sessionId))
  if (state === 'reading' && sync.isRead) {
    await set({ state: 'ready', problem: null, finishedAt: sql`now()` as never })
    if (session?.on) return await startRun(tx, { ...sync, isAtWork: false })
  } else if (state !== 'off' && state !== 'reading') {
    const [due] = await tx
      .select({ key: savedContacts.key })
      .from(savedContacts)
      .where(and(eq(savedContacts.sessionId, sessionId), savedContacts.isDue))
      .limit(1)
    if (due) return await putNext(tx, sync)
    // What had failed came through after all.
    if (state === 'running' || state === 'waiting' || state === 'failed')
      await set({ state: 'done', problem: null, finishedAt: sql`now()` as never })
  }
  await notifySync(tx, { id: sessionId, locationId: sync.locationId })
}

async function pushDue(work: Work): Promise<void> {
  const { ctx, session, isHeld } = work
  const crm = ctx.highlevel.forSubAccount(session.locationId)
  const assignTo = session.givesNewContacts ? session.assignedUserId : null
  let nextAtMs = 0
  async function keepPace(): Promise<void> {
    const nowMs = ctx.clock.monotonicMs()
    const atMs = Math.max(nowMs, nextAtMs)
    nextAtMs = atMs + work.pace.everyMs
    if (atMs > nowMs) await ctx.clock.sleep(atMs - nowMs)
  }

  for (let count = 0; count < perDelivery; count += batchSize) {
    const batch = await nextBatch(work)
    if (batch.length === 0) return
    const facts = await readFacts(ctx.db, session, batch)
    const queue = [...batch]
    const pushed: Pushed[] = []
    let failure: unknown = null
    const drain = async () => {
      for (let row = queue.shift(); row && failure === null; row = queue.shift()) {
        await keepPace()
        if (!isHeld()) failure ??= new HoldLost(work.delivery.id)
        if (failure !== null) return
        const { settings } = work
        try {
          pushed.push(
            await pushContact(ctx, crm, { row, ownPhone: session.phone, assignTo, facts: facts(row.key), settings }),
          )
        } catch (error) {
          failure ??= error
        }
      }
    }
    await Promise.all(Array.from({ length: atOnce }, drain))
    const isOn = await recordPushed(ctx, session, pushed)
    if (failure !== null) throw failure as Error
    if (!isOn) return
  }
}

/** What is due, its name noted before the CRM may have it: found there after a crash, it is known to be ours. */
async function nextBatch({ ctx, session }: Work) {
  return await inTransaction(ctx.db, async (tx) => {
    const sync = await lockSync(tx, session.id)
    if (!sync || sync.state === 'off' || sync.state === 'reading') return []
    const rows = await tx
      .select()
      .from(savedContacts)
      .where(and(eq(savedContacts.sessionId, session.id), savedContacts.isDue))
      .orderBy(asc(savedContacts.key))
      .limit(batchSize)
    const keys = rows.map((row) => row.key)
    await tx.execute(sql`
      update saved_contacts set tried_name = name
      where session_id = ${session.id} and key in (select json_array_elements_text(${JSON.stringify(keys)}::json))`)
    return rows
  })
}

/** The CRM is not there: nothing is lost, and people see why nothing moves. */
async function wait(ctx: BridgeContext, sessionId: SessionId, error: CrmError): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const sync = await lockSync(tx, sessionId)
    if (!sync || sync.state === 'off') return
    const state = sync.state === 'running' ? 'waiting' : sync.state
    await tx
      .update(contactSyncs)
      .set({ state, problem: problemOf(error) })
      .where(eq(contactSyncs.sessionId, sessionId))
    await notifySync(tx, { id: sessionId, locationId: sync.locationId })
  })
}
