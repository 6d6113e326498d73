import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sql } from 'drizzle-orm'
import { openDatabase, type DatabaseClient, type Transaction } from '@/db/client'
import { leases, sessions } from '@/db/schema/sessions'
import { subAccounts } from '@/db/schema/sub-accounts'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { opaqueId, type CompanyId, type LocationId, type SessionId } from '@/lib/ids'
import {
  claimName,
  claimForAnyone,
  claimForSessions,
  freeAbandonedLanes,
  giveLanesBack,
  freeLostClaims,
  holdLanesOn,
  reclaimSession,
  type ClaimedDelivery,
} from './claim'
import { putDeliveries, type NewDelivery } from './put'
import { settleDeliveries } from './settle'

let database: TestDatabase
let client: DatabaseClient
let locationId: LocationId
let sessionId: SessionId

beforeAll(async () => {
  database = await createTestDatabase()
  client = openDatabase(database.url, { max: 8 })
})
afterAll(async () => {
  await client.close()
  await database.drop()
})
beforeEach(async () => {
  locationId = `loc-${opaqueId()}` as LocationId
  sessionId = opaqueId()
  await client.db.insert(subAccounts).values({ id: locationId, companyId: 'agency' as CompanyId })
  await client.db.insert(sessions).values({
    id: sessionId,
    locationId,
    channel: 'whatsapp',
    label: 'Sales',
    priority: 1,
    wanted: 'connected',
    status: 'connected',
  })
  await client.db.insert(leases).values({ sessionId, epoch: 3, owner: 'w1' })
})

const push = (key: string, lane = 'a'): NewDelivery => ({
  kind: 'push',
  key: `${locationId}/${key}`,
  lane: `${locationId}/${lane}`,
  locationId,
  sessionId: null,
  subjectId: opaqueId(),
})
const send = (key: string, lane = 'chat'): NewDelivery => ({ ...push(key, lane), kind: 'send', sessionId })
const put = (...all: NewDelivery[]) => client.db.transaction((tx) => putDeliveries(tx, all))
const claimAny = (owner = 'w1') => claimForAnyone(client.db, owner, { limit: 50, holdMs: 60_000, except: [] })
const claimSend = (epoch = 3) => claimForSessions(client.db, 'w1', [{ sessionId, epoch, limit: 50 }])
const finish = (owner: string, ...claimed: Awaited<ReturnType<typeof claimAny>>) =>
  settleDeliveries(
    client.db,
    owner,
    claimed.map((delivery) => ({ delivery, settlement: { outcome: 'done' as const } })),
  )
const keys = (claimed: Awaited<ReturnType<typeof claimAny>>) => claimed.map((delivery) => delivery.subjectId)

describe('a lane', () => {
  test('has one delivery in flight and keeps its order', async () => {
    const [one, two, three] = [push('1'), push('2'), push('3')]
    await put(one, two)
    await put(three)
    for (const expected of [one, two, three]) {
      const claimed = await claimAny()
      expect(keys(claimed)).toEqual([expected.subjectId])
      expect(await claimAny()).toEqual([])
      await finish('w1', ...claimed)
    }
    expect(await claimAny()).toEqual([])
  })

  test('what is put while its head is worked is not forgotten', async () => {
    await put(push('1'))
    const head = await claimAny()
    const late = push('2')
    await put(late)
    expect(await claimAny()).toEqual([])
    await finish('w1', ...head)
    expect(keys(await claimAny())).toEqual([late.subjectId])
  })

  test('what is put while the settling statement runs is not forgotten', async () => {
    await put(push('1'))
    const head = await claimAny()
    const late = push('2')
    let settling: Promise<void> | undefined
    await client.db.transaction(async (tx) => {
      await putDeliveries(tx, [late])
      settling = finish('w1', ...head)
      await waitForLock(client)
    })
    await settling
    expect(keys(await claimAny())).toEqual([late.subjectId])
  })

  test('waits out its retry whatever queues behind', async () => {
    const first = push('1')
    await put(first)
    const [head] = await claimAny()
    await settleDeliveries(client.db, 'w1', [
      { delivery: head!, settlement: { outcome: 'retry', afterMs: 60_000, why: 'try later' } },
    ])
    await put(push('2'))
    expect(await claimAny()).toEqual([])
    await client.db.execute(sql`update lanes set due_at = now() where location_id = ${locationId}`)
    const again = await claimAny()
    expect(again[0]).toMatchObject({ subjectId: first.subjectId, attempts: 2, inDoubt: false })
  })
})

test('an attempt nobody settled is in doubt for the next one', async () => {
  await put(push('1'))
  const [late] = await claimAny('gone')
  await client.db.execute(
    sql`update lanes set busy_until = now() - interval '1 second' where location_id = ${locationId}`,
  )
  await freeAbandonedLanes(client.db)
  const [again] = await claimAny('w2')
  expect(again).toMatchObject({ attempts: 2, inDoubt: true })
  await finish('gone', again!)
  // Nor does the same worker's earlier claim settle its later one.
  await finish('w2', late!)
  expect(await claimAny('w3')).toEqual([])
  await finish('w2', again!)
  const left = await client.db.execute(sql`select state from deliveries where location_id = ${locationId}`)
  expect(left[0]).toEqual({ state: 'done' })
})

test('what a stopping worker could not finish is free at once, in doubt', async () => {
  const first = push('1')
  await put(first)
  await claimAny('stopping')
  await giveLanesBack(client.db, 'stopping')
  expect((await claimAny('next'))[0]).toMatchObject({ subjectId: first.subjectId, inDoubt: true })
})

test('a busy worker holds on to what it works, not to what it lost track of', async () => {
  await put(push('worked', 'worked'), push('lost', 'lost'))
  const claimed = await claimAny()
  const worked = claimed.filter(({ lane }) => lane.endsWith('/worked'))
  expect(await holdLanesOn(client.db, 'w1', worked, 3_600_000)).toEqual(new Set(worked.map(claimName)))
  const held = await client.db.execute(sql`
    select id from lanes where location_id = ${locationId} and busy_until > now() + interval '30 minutes'`)
  expect(held.map(({ id }) => id)).toEqual([`${locationId}/worked`])
  await finish('w1', ...claimed)
})

test('what only waited for its time was no attempt', async () => {
  await put(push('1'))
  for (let turn = 0; turn < 3; turn++) {
    const [claimed] = await claimAny()
    expect(claimed!.attempts).toBe(1)
    const settlement = { outcome: 'retry', afterMs: 0, why: 'too early', waits: true } as const
    await settleDeliveries(client.db, 'w1', [{ delivery: claimed!, settlement }])
  }
  await finish('w1', ...(await claimAny()))
})

test('looking for lanes that are held on to, or were abandoned, reads none of the others', async () => {
  const { db } = client
  await db.execute(sql`
    insert into lanes (id, location_id, due_at)
    select ${locationId} || '/idle-' || n, ${locationId}, 'infinity' from generate_series(1, 20000) n`)
  await db.execute(sql`analyze lanes`)
  const reads = await scanned(async (tx) => {
    await freeAbandonedLanes(tx)
    await holdLanesOn(tx, 'w1', [{ lane: `${locationId}/idle-1`, turn: 0 }], 60_000)
  })
  expect(reads).toBe(0)
})

/** How many lanes were read by going through the table. */
const scanned = (work: (tx: Transaction) => Promise<unknown>) =>
  client.db.transaction(async (tx) => {
    const whole = async () => {
      const [row] = await tx.execute<{ rows: string }>(
        sql`select seq_tup_read as rows from pg_stat_xact_user_tables where relname = 'lanes'`,
      )
      return Number(row!.rows)
    }
    const before = await whole()
    await work(tx)
    return (await whole()) - before
  })

test('lanes nobody waits in are not among those a claim reads', async () => {
  const { db } = client
  await db.execute(sql`
    insert into lanes (id, location_id, due_at)
    select ${locationId} || '/idle-' || n, ${locationId}, 'infinity' from generate_series(1, 5000) n`)
  await put(push('1'))
  await db.execute(sql`analyze lanes`)
  const [open] = await db.execute<{ lanes: number }>(
    sql`select reltuples::int as lanes from pg_class where relname = 'lanes_open'`,
  )
  expect(open!.lanes).toBeLessThan(100)
  const claimed: ClaimedDelivery[] = []
  const reads = await scanned(async (tx) => {
    claimed.push(...(await claimForAnyone(tx, 'w1', { limit: 1, holdMs: 60_000, except: [] })))
  })
  expect(reads).toBe(0)
  expect(claimed).toHaveLength(1)
  await finish('w1', ...claimed)
})

test('a second put of an unfinished key does nothing, of a finished one opens it again', async () => {
  const status = push('status')
  await put(status)
  await put(status)
  const first = await claimAny()
  expect(first).toHaveLength(1)
  await finish('w1', ...first)
  expect(await claimAny()).toEqual([])
  await put(status)
  expect(await claimAny()).toHaveLength(1)
})

test("a session's lanes are served under its epoch only, and again after a takeover", async () => {
  const first = send('1')
  await put(first)
  expect(await claimAny()).toEqual([])
  expect(await claimSend(2)).toEqual([])
  expect(keys(await claimSend(3))).toEqual([first.subjectId])
  await client.db.execute(sql`update leases set epoch = 4 where session_id = ${sessionId}`)
  expect(await claimSend(4)).toEqual([])
  await reclaimSession(client.db, sessionId, 4)
  expect((await claimSend(4))[0]).toMatchObject({ subjectId: first.subjectId, inDoubt: true })
})

test('what was claimed without its owner learning of it is claimed again, what is worked is not', async () => {
  const lost = send('lost', 'lost')
  await put(lost, send('worked', 'worked'))
  expect(await claimSend()).toHaveLength(2)
  const held = [{ sessionId, epoch: 3 }]
  await freeLostClaims(client.db, 'another', held, [])
  expect(await claimSend()).toEqual([])
  await freeLostClaims(client.db, 'w1', held, [`${locationId}/worked`])
  const again = await claimSend()
  expect(again.map(({ subjectId, inDoubt }) => [subjectId, inDoubt])).toEqual([[lost.subjectId, true]])
})

test('a delivery given up while it is worked stays given up, and any reason can be kept', async () => {
  await put(push('1'), push('2', 'b'))
  const [first, second] = await claimAny()
  await client.db.execute(sql`update deliveries set state = 'given_up' where id = ${first!.id}`)
  const why = `${'x'.repeat(299)}\u{1f600} and \0`
  const retry = { outcome: 'retry' as const, afterMs: 0, why }
  await settleDeliveries(client.db, 'w1', [
    { delivery: first!, settlement: retry },
    { delivery: second!, settlement: retry },
  ])
  expect((await claimAny()).map(({ id }) => id)).toEqual([second!.id])
})

test('many claimers share many lanes: each delivery once, in order', async () => {
  const lanes = 20
  const each = 10
  for (let n = 0; n < each; n++)
    await put(...Array.from({ length: lanes }, (_, lane) => push(`${lane}-${n}`, `lane${lane}`)))
  const seen: Record<string, number[]> = {}
  const worker = async (owner: string) => {
    for (let idle = 0; idle < 40;) {
      const claimed = await claimForAnyone(client.db, owner, { limit: 3, holdMs: 60_000, except: [] })
      if (claimed.length === 0) {
        idle += 1
        continue
      }
      for (const delivery of claimed) {
        const [row] = await client.db.execute<{ key: string }>(
          sql`select key from deliveries where id = ${delivery.id}`,
        )
        const [lane, n] = row!.key.split('/')[1]!.split('-').map(Number) as [number, number]
        ;(seen[lane] ??= []).push(n)
      }
      await finish(owner, ...claimed)
    }
  }
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(worker))
  expect(Object.keys(seen)).toHaveLength(lanes)
  for (const order of Object.values(seen)) expect(order).toEqual(Array.from({ length: each }, (_, n) => n))
})

async function waitForLock(on: DatabaseClient): Promise<void> {
  for (;;) {
    const waiting = await on.db.execute(
      sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    if (waiting.length > 0) return
  }
}
