// The real PostgreSQL server that comes with the dependencies: made, adopted, started, stopped. Knows nothing of the product.
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { link, mkdir, mkdtemp, open, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { findBinaries } from './postgres-binaries'
import { gone, isAlive, signal } from './processes'
import { chooseUser, type ServerUser } from './postgres-user'

export interface PostgresOptions {
  /** The cluster's own folder; its password, log and owner are kept in files beside it. */
  dataDir: string
  port?: number
  /** False trades safety against power loss for speed: temporary clusters only. */
  fsync?: boolean
  /** Further server settings, as in postgresql.conf. */
  settings?: Record<string, string | number>
}

export interface Postgres {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** False when another living process started this server; then stop() leaves it running. */
  readonly owned: boolean
  /** Fast shutdown, if owned. */
  stop(): Promise<void>
  /** SIGKILL to the server, as a crash would. */
  kill(): Promise<void>
  /** The same cluster on the same port, after a clean stop or a crash. */
  restart(how?: { crash: boolean }): Promise<Postgres>
}

const START_MS = 60_000
const STOP_MS = 20_000

export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataDir } = options
  const bin = await findBinaries()
  await mkdir(dirname(dataDir), { recursive: true, mode: 0o755 })
  const password = await keepPassword(`${dataDir}.password`)
  const user = await chooseUser(bin.postgres, dataDir)
  if (!existsSync(join(dataDir, 'PG_VERSION'))) await initialise(bin.initdb, dataDir, password, user)
  await user.own(dataDir)

  const deadline = Date.now() + START_MS
  for (;;) {
    const adopted = await adopt(dataDir, password)
    if (adopted) return handle(options, password, adopted.port, adopted.pid, takeOver(dataDir))
    const port = options.port ?? (await freePort())
    const server = await launch(bin.postgres, options, port, user)
    if (await answers(server, password, port, deadline)) {
      await writeFile(`${dataDir}.owner`, String(process.pid))
      return handle(options, password, port, server.pid!, true)
    }
    // Gone at once: another launcher was faster, the port was taken, or a killed server's last processes still hold its memory.
    if (Date.now() > deadline) throw new Error(`PostgreSQL did not start. Its log ends:\n${tail(`${dataDir}.log`)}`)
    await sleep(100)
  }
}

/** Stops whatever server runs on this folder, whoever started it. */
export async function stopPostgresIn(dataDir: string): Promise<void> {
  const pid = readPidFile(dataDir)?.pid
  if (pid && isAlive(pid)) await end(pid)
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

/** Written aside, so that another launcher at the same moment finds all of it or nothing. */
export async function keepPassword(file: string): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, randomBytes(24).toString('base64url'), { mode: 0o600 })
  try {
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft)
  }
  return (await readFile(file, 'utf8')).trim()
}

/** Made aside and moved into place, so that a start interrupted here leaves no half cluster behind. */
async function initialise(initdb: string, dataDir: string, password: string, user: ServerUser): Promise<void> {
  const draft = await mkdtemp(`${dataDir}.new-`)
  const secret = `${draft}.password`
  await writeFile(secret, password, { mode: 0o600 })
  await user.own(draft)
  await user.own(secret)
  try {
    const made = user.run(initdb, [
      ...[
        '-D',
        draft,
        '-U',
        'app',
        '-A',
        'scram-sha-256',
        `--pwfile=${secret}`,
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ],
    ])
    const outcome = await new Promise<{ code: number | null; text: string }>((resolve, reject) => {
      let text = ''
      made.stdout?.on('data', (chunk) => (text += chunk))
      made.stderr?.on('data', (chunk) => (text += chunk))
      made.once('error', reject)
      made.once('close', (code) => resolve({ code, text }))
    })
    if (outcome.code !== 0) throw new Error(`initdb could not make ${dataDir}:\n${outcome.text.slice(-2000)}`)
    await rename(draft, dataDir).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(join(dataDir, 'PG_VERSION'))) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
    await rm(secret, { force: true })
  }
}

async function launch(binary: string, options: PostgresOptions, port: number, user: ServerUser): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    ...(options.fsync === false && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
  const log = await open(`${options.dataDir}.log`, 'a', 0o600)
  try {
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    // Detached: a Ctrl-C in the terminal must reach the processes that use the database before it reaches the database.
    const server = user.run(binary, ['-D', options.dataDir, '-p', String(port), ...flags], log.fd)
    server.once('error', () => undefined)
    server.unref()
    return server
  } finally {
    await log.close()
  }
}

async function answers(server: ChildProcess, password: string, port: number, deadline: number): Promise<boolean> {
  while (server.exitCode === null && server.signalCode === null && server.pid && Date.now() < deadline) {
    if (await ready(password, port)) return true
    await sleep(25)
  }
  if (server.pid && server.exitCode === null && server.signalCode === null) server.kill('SIGQUIT')
  return false
}

async function ready(password: string, port: number): Promise<boolean> {
  const sql = connect(password, port, 'postgres')
  try {
    const [found] = await sql`select 1 from pg_database where datname = 'app'`
    if (!found) await sql`create database app`.catch(ignoreDuplicate)
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function adopt(dataDir: string, password: string): Promise<{ port: number; pid: number } | null> {
  const running = readPidFile(dataDir)
  if (!running || !isAlive(running.pid)) return null
  const sql = connect(password, running.port, 'postgres')
  try {
    const [row] = await sql<{ data_directory: string }[]>`show data_directory`
    if (!row || (await realpath(row.data_directory)) !== (await realpath(dataDir))) return null
    return (await ready(password, running.port)) ? running : null
  } catch {
    return null
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** A server whose starter was killed has no owner left; the next one to come takes it, or nobody would ever stop it. */
function takeOver(dataDir: string): boolean {
  const file = `${dataDir}.owner`
  const owner = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  return owner === process.pid || !(owner && isAlive(owner))
}

async function handle(
  options: PostgresOptions,
  password: string,
  port: number,
  pid: number,
  owned: boolean,
): Promise<Postgres> {
  if (owned) await writeFile(`${options.dataDir}.owner`, String(process.pid))
  return {
    url: `postgres://app:${password}@127.0.0.1:${port}/app`,
    port,
    pid,
    owned,
    stop: async () => {
      if (owned) await end(pid)
    },
    kill: () => crash(pid),
    restart: async ({ crash: hard } = { crash: false }) => {
      await (hard ? crash(pid) : end(pid))
      return startPostgres({ ...options, port })
    },
  }
}

async function end(pid: number): Promise<void> {
  signal(pid, 'SIGINT')
  if (await gone(pid, STOP_MS)) return
  signal(pid, 'SIGQUIT')
  if (!(await gone(pid, STOP_MS))) throw new Error(`PostgreSQL (process ${pid}) does not stop`)
}

async function crash(pid: number): Promise<void> {
  signal(pid, 'SIGKILL')
  await gone(pid, STOP_MS)
}

function readPidFile(dataDir: string): { pid: number; port: number } | null {
  try {
    const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
    const [pid, port] = [Number(lines[0]), Number(lines[3])]
    return pid > 0 && port > 0 ? { pid, port } : null
  } catch {
    return null
  }
}

function connect(password: string, port: number, database: string) {
  return postgres({
    ...{ host: '127.0.0.1', port, user: 'app', password, database },
    ...{ max: 1, connect_timeout: 5, idle_timeout: 1, onnotice: () => undefined },
  })
}

function ignoreDuplicate(error: unknown): void {
  if (!(error instanceof postgres.PostgresError && ['42P04', '23505'].includes(error.code))) throw error
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-15).join('\n') : '(no log)'
}
