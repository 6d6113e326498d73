import { sql } from 'drizzle-orm'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import { fileURLToPath } from 'node:url'
import { openDatabase } from './client'

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))
const lockId = 7_264_112

/**
 * PostgreSQL 17 and newer end a transaction of ten seconds themselves, whatever its process is doing: one that stands still must
 * not keep others from its leases. Migrations may take longer. Without the right to say so for the database, it stays as it is.
 */
const limitTransactions = sql`
  do $$ begin
    if current_setting('server_version_num')::int >= 170000 then
      perform set_config('transaction_timeout', '0', false);
      execute format('alter database %I set transaction_timeout = %L', current_database(), '10s');
    end if;
  exception when insufficient_privilege then null;
  end $$`

/** Brings the database to the newest schema. Processes that start together wait for the one that migrates. */
export async function runMigrations(url: string): Promise<void> {
  const { db, close } = openDatabase(url, { max: 1, name: 'trunkline migrate' })
  try {
    await db.execute(sql`select pg_advisory_lock(${lockId})`)
    await db.execute(limitTransactions)
    await migrate(db, { migrationsFolder })
  } finally {
    await close()
  }
}
