// The commands an operator runs, with the credentials of a marketplace app: as processes, judged by what they say and serve.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '@/db/test-database'
import { root } from '@/scripts/children'
import { ensureBuilt } from '@/scripts/ensure-built'
import { freePort } from '@/scripts/postgres'
import { isAlive } from '@/scripts/processes'
import { registration } from '../sandbox/emulators'
import { openKept } from '../sandbox/kept'
import { connectCrm } from '../emulators/highlevel/client'
import { startHighLevelEmulator, type HighLevelEmulator } from '../emulators/highlevel/server'
import { refuseViolations } from '../violations'
import { until } from './until'

let emulator: HighLevelEmulator
let database: TestDatabase
let folder: string
let sql: postgres.Sql
let port: number
let env: NodeJS.ProcessEnv
const started: ChildProcess[] = []

beforeAll(async () => {
  await ensureBuilt()
  database = await createTestDatabase()
  sql = postgres(database.url, { max: 1, onnotice: () => {} })
  port = await freePort()
  const appUrl = `http://127.0.0.1:${port}`
  folder = await mkdtemp(join(tmpdir(), 'trunkline-start-'))
  const { values } = openKept(folder)
  emulator = await startHighLevelEmulator({
    app: registration({ ...values, APP_URL: appUrl }),
    log: () => {},
  })
  env = {
    ...{ ...process.env, ...values, DATABASE_URL: database.url, PORT: String(port), APP_URL: appUrl },
    ...{ HIGHLEVEL_API_URL: emulator.apiUrl, HIGHLEVEL_AUTHORIZE_URL: emulator.authorizeUrl },
    HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: emulator.webhookPublicKey,
    LOG_LEVEL: 'info',
  }
  delete env.WORKER_NAME
}, 600_000)
afterEach(() => {
  for (const one of started.splice(0)) one.kill('SIGKILL')
})
afterAll(async () => {
  await sql?.end()
  await database?.drop()
  await emulator?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
  if (emulator) refuseViolations([emulator])
}, 60_000)

function run(command: string) {
  const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), command], { env, stdio: 'pipe' })
  started.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void (said += String(chunk)))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  /** Not waited for when it has ended. */
  const sees = (what: string, look: () => boolean | Promise<boolean>) =>
    until(
      `${command}: ${what}`,
      () => {
        if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${said}`)
        return look()
      },
      300_000,
      () => said,
    )
  return {
    sees,
    says: (words: RegExp) => sees(String(words), () => words.test(said)),
    /** Asks it to stop, as a service manager does; its exit code. */
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Workers are known to the database by their machine and process. */
async function workerPid(otherThan?: number): Promise<number> {
  return await until('a worker at the database', async () => {
    const names = await sql<{ name: string }[]>`
      select application_name as name from pg_stat_activity where datname = current_database()`
    const pids = names.flatMap(({ name }) =>
      name.startsWith(`${hostname()}-`) ? [Number(name.slice(hostname().length + 1).split('-')[0])] : [],
    )
    return pids.find((pid) => pid !== otherThan && isAlive(pid))
  })
}
const answers = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).then((response) => response.status)

test('npm start with credentials serves the real CRM, has a worker that died replaced, and stops cleanly', async () => {
  const machine = run('start')
  await machine.says(new RegExp(`^App http://127\\.0\\.0\\.1:${port}\nready$`, 'm'))
  expect(await answers('/api/ready')).toBe(200)
  const crm = connectCrm(emulator.url)
  const { id } = await crm.createSubAccount('Harbour Bakery')
  await crm.install(id)
  expect(await sql`select status from sub_accounts where id = ${id}`).toMatchObject([{ status: 'active' }])

  const first = await workerPid()
  process.kill(first, 'SIGKILL')
  await machine.says(/^worker ended \(SIGKILL\); starting it again in 0\.5 s$/m)
  const second = await workerPid(first)
  expect(await machine.stop()).toBe(0)
  await expect(answers('/api/ready')).rejects.toThrow('fetch failed')
  expect(isAlive(second)).toBe(false)
}, 600_000)

test('web and worker are started alone, for many machines, and stop cleanly', async () => {
  const [web, worker] = [run('web'), run('worker')]
  await web.sees('answers', () =>
    answers('/api/ready').then(
      (status) => status === 200,
      () => false,
    ),
  )
  await worker.says(/"worker started"/)
  const pid = await workerPid()
  expect(await Promise.all([web.stop(), worker.stop()])).toEqual([0, 0])
  await expect(answers('/api/ready')).rejects.toThrow('fetch failed')
  expect(isAlive(pid)).toBe(false)
}, 600_000)
