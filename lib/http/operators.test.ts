import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { rowsRead } from '@/db/test-steps'
import { firstIdAt } from '@/lib/bridge/message/since'
import { orderedId } from '@/lib/ids'
import { startRig, type Rig } from './fixtures/rig'
import { handleMetrics } from './metrics'
import { closeOpenStreams, registerStream } from './open-streams'
import { handleReady } from './ready'
import { composeWeb } from './web'

let rig: Rig
beforeAll(async () => void (rig = await startRig()))
afterAll(() => rig.close())
const withoutDatabase = () =>
  composeWeb({ ...rig.web.settings, databaseUrl: 'postgres://nobody@127.0.0.1:9/nothing' }, { log: rig.web.ctx.log })

describe('metrics', () => {
  const ask = (headers: Record<string, string>, web = rig.web) =>
    handleMetrics(web, new Request('http://app/metrics', { headers }))

  test('count what is in the database', async () => {
    await rig.crm.install(rig.locationIds[0]!)
    const text = await (await ask({ 'x-trunkline-peer': 'local' })).text()
    expect(text).toContain('trunkline_up 1\n')
    expect(text).toContain('trunkline_sub_accounts{status="active"} 1\n')
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) .+|trunkline_\w+(\{[^}]+\})? [\d.e-]+)$/)
  })

  test('of the last day are counted without reading all messages there ever were', async () => {
    const { db } = rig.web.ctx
    const [id] = rig.locationIds
    await rig.crm.install(id!)
    const old = firstIdAt(new Date('2026-01-01')).slice(0, 24)
    await db.execute(sql`
      insert into messages (id, location_id, direction, origin, body_sealed, status, occurred_at, created_at)
      select (${old} || lpad(n::text, 12, '0'))::uuid, ${id}, 'inbound', 'person', ''::bytea, 'received', now(), '2026-01-01'::timestamptz
      from generate_series(1, 5000) n union all
      select ${orderedId()}::uuid, ${id}, 'inbound', 'person', '', 'received', now(), now()`)
    await db.execute(sql`analyze messages`)
    const { read, text } = await db.transaction(async (tx) => {
      const web = { ...rig.web, ctx: { ...rig.web.ctx, db: tx as unknown as Database } }
      const before = await rowsRead(tx, 'messages')
      const text = await (await ask({ 'x-trunkline-peer': 'local' }, web)).text()
      return { text, read: (await rowsRead(tx, 'messages')) - before }
    })
    expect(text).toContain('trunkline_messages_day{direction="inbound",status="received"} 1\n')
    expect(read).toBeLessThan(100)
  })

  test('are for operators: on this machine or with the token', async () => {
    const far = { 'x-trunkline-peer': '203.0.113.7' }
    expect((await ask(far)).status).toBe(404)
    expect((await ask({ ...far, authorization: 'Bearer wrong' })).status).toBe(404)
    expect((await ask({ ...far, authorization: 'Bearer operator-token-of-the-rig' })).status).toBe(200)
    const tokenless = { ...rig.web, settings: { ...rig.web.settings, operatorToken: null } }
    expect((await ask({ ...far, authorization: 'Bearer null' }, tokenless)).status).toBe(404)
  })

  test('say that the database is down', async () => {
    expect(await (await ask({ 'x-trunkline-peer': 'local' }, withoutDatabase())).text()).toContain('trunkline_up 0\n')
  })
})

test('without its database a process is ready, because it must still say "later" to the CRM', async () => {
  expect(await (await handleReady(rig.web)).json()).toEqual({ degraded: [] })
  const answer = await handleReady(withoutDatabase())
  expect([answer.status, await answer.json()]).toEqual([200, { degraded: ['database'] }])
})

test('open streams are closed on a stop, those opened later at once', async () => {
  const closed: string[] = []
  registerStream('ana', () => closed.push('kept'))
  registerStream('ana', () => closed.push('let go'))()
  closeOpenStreams()
  expect(closed).toEqual(['kept'])
  registerStream('ana', () => closed.push('late'))
  await expect.poll(() => closed).toEqual(['kept', 'late'])
})
