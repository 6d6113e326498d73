import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import postgres from 'postgres'
import { keepPassword, startPostgres, stopPostgresIn, type Postgres } from './postgres'

let folder: string
let dataDir: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-postgres-'))
  await chmod(folder, 0o711)
  dataDir = join(folder, 'postgres')
})

afterEach(async () => {
  await stopPostgresIn(dataDir)
  await rm(folder, { recursive: true, force: true })
})

async function query<Row extends object>(server: Postgres, text: string): Promise<Row[]> {
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
  try {
    return await sql.unsafe<Row[]>(text)
  } finally {
    await sql.end()
  }
}

test('starts from nothing, stops, and starts again with its data', async () => {
  const first = await startPostgres({ dataDir })
  expect(first.owned).toBe(true)
  await query(first, 'create table kept (n int); insert into kept values (7)')
  await first.stop()
  await expect(query(first, 'select 1')).rejects.toThrow()

  const second = await startPostgres({ dataDir })
  expect(await query(second, 'select n from kept')).toEqual([{ n: 7 }])
})

test('a second launcher uses the running server and does not stop it', async () => {
  const first = await startPostgres({ dataDir })
  await writeFile(`${dataDir}.owner`, String(process.ppid))
  const second = await startPostgres({ dataDir })
  expect([second.owned, second.pid, second.url]).toEqual([false, first.pid, first.url])
  await second.stop()
  expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a server whose launcher was killed is adopted with its ownership', async () => {
  const first = await startPostgres({ dataDir })
  await writeFile(`${dataDir}.owner`, '2147483646')
  const second = await startPostgres({ dataDir })
  expect([second.owned, second.pid]).toEqual([true, first.pid])
})

test('acknowledged rows survive SIGKILL and a restart on the same port', async () => {
  const server = await startPostgres({ dataDir })
  await query(server, 'create table kept (n int); insert into kept select generate_series(1, 500)')
  const again = await server.restart({ crash: true })
  expect(again.url).toBe(server.url)
  expect(again.pid).not.toBe(server.pid)
  expect(await query(again, 'select count(*)::int as n from kept')).toEqual([{ n: 500 }])
})

test('two launchers that start at the same moment end up on one server', async () => {
  const both = await Promise.all([startPostgres({ dataDir }), startPostgres({ dataDir })])
  expect(both[0].pid).toBe(both[1].pid)
})

test('launchers at the same moment read one password, whole', async () => {
  for (let n = 0; n < 50; n++) {
    const file = join(folder, `password-${n}`)
    const read = await Promise.all(Array.from({ length: 4 }, () => keepPassword(file)))
    expect(new Set(read).size).toBe(1)
    expect(read[0]).not.toBe('')
  }
})

test('settings reach the server', async () => {
  const server = await startPostgres({ dataDir, fsync: false, settings: { max_connections: 17 } })
  expect(await query(server, 'show max_connections')).toEqual([{ max_connections: '17' }])
  expect(await query(server, 'show fsync')).toEqual([{ fsync: 'off' }])
})
