// A migrated database of its own for one test file, cloned from a template made once per run.
import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { startPostgres } from '@/scripts/postgres'
import { runMigrations } from './migrate'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  /** What a test forgets to drop goes with the run. */
  drop(): Promise<void>
}

const LOCK = 7_214_001

export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await serverUrl()
  const name = `${prefix()}_${randomBytes(6).toString('hex')}`
  await asAdmin(server, async (sql) => {
    const template = await ensureTemplate(sql, server)
    await sql`create database ${sql(name)} template ${sql(template)}`
  })
  const drop = () => asAdmin(server, async (sql) => void (await sql`drop database if exists ${sql(name)} with (force)`))
  return { url: withDatabase(server, name), drop, [Symbol.asyncDispose]: drop }
}

export async function dropTestDatabases(server: string): Promise<void> {
  await asAdmin(server, async (sql) => {
    const left = await sql<{ datname: string }[]>`
      select datname from pg_database where starts_with(datname, ${prefix() + '_'})`
    for (const { datname } of left) await sql`drop database if exists ${sql(datname)} with (force)`
  })
}

async function serverUrl(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return given
  const dataDir = process.env.TEST_CLUSTER
  if (!dataDir) throw new Error('createTestDatabase() works inside a vitest run: start it with npx vitest run.')
  return (await startPostgres({ dataDir, fsync: false })).url
}

/** Test files start at the same moment in several processes; the first migrates, the others wait for it. */
async function ensureTemplate(sql: postgres.Sql, server: string): Promise<string> {
  const name = `${prefix()}_template`
  await sql`select pg_advisory_lock(${LOCK})`
  try {
    const [found] = await sql`select 1 from pg_database where datname = ${name}`
    if (found) return name
    const draft = `${name}_draft`
    await sql`drop database if exists ${sql(draft)} with (force)`
    await sql`create database ${sql(draft)}`
    await runMigrations(withDatabase(server, draft))
    await sql`alter database ${sql(draft)} rename to ${sql(name)}`
    return name
  } finally {
    await sql`select pg_advisory_unlock(${LOCK})`
  }
}

async function asAdmin<T>(server: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(server, { max: 1, onnotice: () => undefined })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

function prefix(): string {
  return `trunkline_test_${process.env.TEST_RUN}`
}
