import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type DatabaseClient } from '@/db/client'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import type { CompanyId, UserId } from '@/lib/ids'
import type { Actor } from '../context'
import { previewLabelSync } from './preview'

let kit: BridgeKit
let patient: DatabaseClient
let impatient: DatabaseClient
beforeAll(async () => {
  kit = await startBridgeKit()
  const noticingAfter = (time: string) => {
    const url = new URL(kit.databaseUrl)
    url.searchParams.set('deadlock_timeout', time)
    return openDatabase(url.href, { max: 1 })
  }
  patient = noticingAfter('1min')
  impatient = noticingAfter('4s')
})
afterAll(async () => {
  await patient.close()
  await impatient.close()
  await kit.close()
})

test('asking for a preview while the worker records that the book was read asks again instead of failing', async () => {
  const locationId = await kit.subAccount()
  const session = await kit.session(locationId, 1)
  const { db } = kit.ctx
  await db.execute(sql`update sessions set platform = 'business' where id = ${session.id}`)
  await db.execute(sql`insert into book_requests (session_id, what) values (${session.id}, 'labels')`)
  const actor: Actor = {
    ...{ kind: 'user', userId: 'u1' as UserId, name: 'Ana', email: 'ana@bakery.example', companyId: 'c' as CompanyId },
    ...{ role: 'location_admin', locationId, locationIds: null },
  }
  const isWaiting = async () => {
    const [row] = await db.execute<{ n: number }>(sql`
      select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    return row!.n > 0
  }
  const previewing = await patient.db.transaction(async (tx) => {
    // As the worker does: first the request, then the session.
    await tx.execute(sql`delete from book_requests where session_id = ${session.id}`)
    const asked = previewLabelSync({ ...kit.ctx, db: impatient.db }, actor, session.id).catch((error: unknown) => error)
    await expect.poll(isWaiting, { timeout: 20_000 }).toBe(true)
    await tx.execute(sql`select 1 from sessions where id = ${session.id} for no key update`)
    return { asked }
  })
  expect(await previewing.asked).toMatchObject({ state: 'reading' })
}, 60_000)
