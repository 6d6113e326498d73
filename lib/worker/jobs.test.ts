import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { sql } from 'drizzle-orm'
import { startBridgeKit, type BridgeKit } from '@/e2e/bridge-kit'
import { acceptOutbound } from '@/lib/bridge/message/accept-outbound'
import type { Channel } from '@/lib/channel/channel'
import { silentLog } from '@/lib/log'
import { startJobs } from '@/lib/jobs/start-jobs'
import { orderedId, type ContactId, type CrmMessageId, type DeliveryId } from '@/lib/ids'
import { refreshTokens, scheduledJobs } from './jobs'

let kit: BridgeKit
beforeAll(async () => {
  kit = await startBridgeKit()
})
afterAll(() => kit.close())

const sweep = (channels: Channel[] = []) =>
  scheduledJobs(kit.ctx, channels)
    .find((job) => job.name === 'sweep')!
    .run()
const count = async (table: string, where: string) =>
  Number((await kit.ctx.db.execute<{ n: string }>(sql.raw(`select count(*) as n from ${table} where ${where}`)))[0]!.n)

test('finished deliveries go after a day, unfinished ones and their lanes stay', async () => {
  const locationId = await kit.subAccount()
  const put = async (state: string, finished: string) => {
    const id = orderedId<DeliveryId>()
    await kit.ctx.db.execute(sql`
      insert into lanes (id, location_id, due_at) values (${id}, ${locationId}, ${state === 'ready' ? 'now' : 'infinity'})`)
    await kit.ctx.db.execute(sql`
      insert into deliveries (id, key, kind, lane_id, location_id, subject_id, state, finished_at)
      values (${id}, ${id}, 'push', ${id}, ${locationId}, ${id}, ${state}, ${finished}::timestamptz)`)
    return id
  }
  const old = await put('done', '2026-01-01')
  const fresh = await put('done', new Date().toISOString())
  const waiting = await put('ready', '2026-01-01')
  await sweep()
  expect(await count('deliveries', `id = '${old}'`)).toBe(0)
  expect(await count('lanes', `id = '${old}'`)).toBe(0)
  for (const id of [fresh, waiting]) expect(await count('deliveries', `id = '${id}'`)).toBe(1)
})

test('a sweep that fails keeps none of the others from running', async () => {
  await kit.ctx.db.execute(
    sql`insert into oauth_states (state_hash, expires_at) values ('old', now() - interval '1 day')`,
  )
  const channel = { ...({} as Channel), sweep: vi.fn(async () => {}) }
  await kit.ctx.db.execute(sql`alter table deliveries rename to elsewhere`)
  try {
    await sweep([channel])
  } finally {
    await kit.ctx.db.execute(sql`alter table elsewhere rename to deliveries`)
  }
  expect(await count('oauth_states', `state_hash = 'old'`)).toBe(0)
  expect(channel.sweep).toHaveBeenCalledOnce()
})

test('thirty days after an uninstall nothing of the sub-account is left', async () => {
  const locationId = await kit.subAccount()
  const stays = await kit.subAccount()
  for (const id of [locationId, stays]) {
    const contact = await kit.crm.createContact(id, { name: 'Ana', phone: '+15552009999' })
    await acceptOutbound(kit.ctx, {
      signature: 'good',
      message: {
        ...{
          locationId: id,
          contactId: contact.id as ContactId,
          crmMessageId: `old-${id}` as CrmMessageId,
          text: 'words',
        },
        ...{ attachments: [], phone: '+15552009999', userId: null, providerId: null, conversationId: null },
      },
    })
  }
  await kit.ctx.db.execute(sql`
    update sub_accounts set status = 'uninstalled', uninstalled_at = now() - interval '28 days' where id = ${locationId}`)
  await sweep()
  expect(await count('messages', `location_id = '${locationId}'`)).toBe(1)
  await kit.ctx.db.execute(sql`
    update sub_accounts set uninstalled_at = now() - interval '31 days' where id = ${locationId}`)
  await sweep()
  for (const table of ['messages', 'people', 'lanes', 'audit_entries']) {
    expect(await count(table, `location_id = '${locationId}'`), table).toBe(0)
  }
  expect(await count('data_keys', `tenant = '${locationId}'`)).toBe(0)
  expect(await count('messages', `location_id = '${stays}'`)).toBe(1)
})

test('a token is refreshed before it ends', async () => {
  const locationId = await kit.subAccount()
  await kit.ctx.db.execute(
    sql`update tokens set refresh_at = now() - interval '1 minute' where owner_id = ${locationId}`,
  )
  await refreshTokens(kit.ctx)
  expect(await count('tokens', `owner_id = '${locationId}' and refresh_at > now()`)).toBe(1)
})

test('jobs are scheduled once for the whole deployment', async () => {
  let runs = 0
  const jobs = await startJobs({
    databaseUrl: kit.databaseUrl,
    log: silentLog,
    jobs: [
      {
        name: 'throws',
        cron: '* * * * *',
        run: async () => {
          runs += 1
          throw new Error('no')
        },
      },
    ],
  })
  try {
    const [queue] = await kit.ctx.db.execute<{ policy: string }>(
      sql`select policy from pgboss.queue where name = 'throws'`,
    )
    const schedules = await kit.ctx.db.execute(sql`select cron from pgboss.schedule where name = 'throws'`)
    expect(queue).toEqual({ policy: 'stately' })
    expect(schedules).toEqual([{ cron: '* * * * *' }])
  } finally {
    await jobs.stop()
  }
  expect(runs).toBeLessThanOrEqual(1)
})

test('a job that is asked for runs at once, and asked for often it runs once more', async () => {
  let runs = 0
  const jobs = await startJobs({
    databaseUrl: kit.databaseUrl,
    log: silentLog,
    jobs: [{ name: 'asked-for', cron: '0 0 1 1 *', run: async () => void (runs += 1) }],
  })
  try {
    jobs.wake('unheard of')
    for (let ask = 0; ask < 20; ask++) jobs.wake('asked-for')
    await expect.poll(() => runs).toBe(1)
    jobs.wake('asked-for')
    await expect.poll(() => runs).toBe(2)
  } finally {
    await jobs.stop()
  }
  expect(runs).toBe(2)
})
