// What an operator does on the server itself, without a token: `npm run operator` says what.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { openDatabase, type Database } from '@/db/client'
import { rewrapDataKeys } from '@/db/vault'
import { grantSoon, revokeSoon } from '@/lib/bridge/entitlement/grant'
import { systemClock } from '@/lib/clock'
import { BridgeError } from '@/lib/errors'
import type { LocationId } from '@/lib/ids'
import { parseKeyring, type Keyring } from '@/lib/seal'
import { root } from './children'
import { startPostgres } from './postgres'

const usage = `npm run operator -- <command>

  list                                   the sub-accounts, and until when each may go on
  grant <id> [--until <date>] [--sessions <1-10>]
                                         lets a sub-account go on, to the end of that day (UTC) or without end
  revoke <id>                            ends that now; a trial that still runs goes on
  rewrap                                 wraps all data keys by the first of ENCRYPTION_KEYS, so that the others can go
  stuck                                  what the CRM did not take, or was refused, in the last 30 days

It works on DATABASE_URL, or on the database that npm start keeps in ./.data.`

type Options = { until?: string | undefined; sessions?: string | undefined }

const commands: Record<string, (db: Database, id: LocationId, options: Options) => Promise<string>> = {
  list: async (db) =>
    table(
      ['sub-account', 'name', 'status', 'sessions', 'trial until', 'granted until'],
      await db.execute<Record<string, string>>(sql`
        select s.id, s.name, s.status,
          (select count(*) from sessions x where x.location_id = s.id and x.wanted <> 'removed') || ' of ' || s.max_sessions as sessions,
          coalesce(${day(sql`e.trial_ends_at`)}, '-') as trial,
          case when g.location_id is null then '-' else coalesce(${day(sql`g.until`)}, 'without end') end as granted
        from sub_accounts s left join entitlements e on e.location_id = s.id left join grants g on g.location_id = s.id
        where s.status <> 'uninstalled' order by lower(s.name), s.id`),
    ),

  async grant(db, locationId, options) {
    const until = options.until === undefined ? null : endOf(options.until)
    const maxSessions = options.sessions === undefined ? undefined : Number(options.sessions)
    if (maxSessions !== undefined && !(Number.isInteger(maxSessions) && maxSessions >= 1 && maxSessions <= 10))
      throw new Error('--sessions takes a whole number from 1 to 10.')
    const granted = await grantSoon({ db, clock: systemClock }, { locationId, until, maxSessions })
    return `${granted.name || locationId} may use ${granted.maxSessions} sessions ${until ? `until ${until.toISOString()}` : 'without end'}. What was suspended comes back within a minute.`
  },

  async revoke(db, locationId) {
    const { name, isChanged } = await revokeSoon({ db, clock: systemClock }, { locationId })
    return isChanged ? `What was granted to ${name || locationId} has ended.` : 'Nothing was granted to it.'
  },

  async rewrap(db) {
    const keyring = keyringOf(process.env.ENCRYPTION_KEYS)
    const count = await rewrapDataKeys(db, keyring)
    return `Data keys wrapped anew by ${keyring.current}: ${count}. No other wraps any now.`
  },

  stuck: async (db) =>
    table(
      ['given up', 'sub-account', 'what', 'of', 'attempts', 'why'],
      await db.execute<Record<string, string>>(sql`
        select to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), location_id, kind, subject_id, attempts,
          coalesce(last_error, '-')
        from deliveries where state = 'given_up' and kind <> 'send' and finished_at > now() - interval '30 days'
        order by finished_at`),
    ),
}

function keyringOf(text = ''): Keyring {
  try {
    return parseKeyring(text)
  } catch (error) {
    throw new Error(`ENCRYPTION_KEYS: ${(error as Error).message}`)
  }
}

const day = (column: ReturnType<typeof sql>) => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD HH24:MI')`

function endOf(given: string): Date {
  const date = new Date(/^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T23:59:59Z` : given)
  if (Number.isNaN(date.getTime())) throw new Error('--until takes a date, such as 2027-01-31.')
  return date
}

function table(head: string[], rows: readonly Record<string, unknown>[]): string {
  if (rows.length === 0) return 'There is nothing.'
  const lines = [head, ...rows.map((row) => Object.values(row).map(String))]
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

async function withDatabase(given: string | undefined, work: (db: Database) => Promise<string>): Promise<string> {
  const dataDir = join(root, '.data', 'postgres')
  if (!given && !existsSync(join(dataDir, 'PG_VERSION')))
    throw new Error('DATABASE_URL: is missing; takes the postgres:// address of the database Trunkline runs on')
  // One that runs already is joined, and left running.
  const own = given ? null : await startPostgres({ dataDir })
  try {
    const { db, close } = openDatabase(given ?? own!.url, { max: 1, name: 'trunkline operator' })
    try {
      return await work(db)
    } finally {
      await close()
    }
  } finally {
    await own?.stop()
  }
}

function parse(args: string[]) {
  try {
    const options = { until: { type: 'string' }, sessions: { type: 'string' } } as const
    return parseArgs({ args, allowPositionals: true, options })
  } catch {
    throw new Error(usage)
  }
}

/** What there is to say; throws a sentence. */
export async function operate(args: string[], databaseUrl: string | undefined): Promise<string> {
  const { values, positionals } = parse(args)
  const [command, id, ...rest] = positionals
  const run = command !== undefined && Object.hasOwn(commands, command) ? commands[command] : undefined
  if (!run || rest.length > 0) throw new Error(usage)
  return withDatabase(databaseUrl, async (db) => {
    try {
      return await run(db, (id ?? '') as LocationId, values)
    } catch (error) {
      throw error instanceof BridgeError ? new Error(error.message) : error
    }
  })
}
