import { sql } from 'drizzle-orm'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import { fileURLToPath } from 'node:url'
import { openDatabase } from './client'

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))
const lockId = 7_264_112

/** Brings the database to the newest schema. Processes that start together wait for the one that migrates. */
export async function runMigrations(url: string): Promise<void> {
  const { db, close } = openDatabase(url, { max: 1, name: 'trunkline migrate' })
  try {
    await db.execute(sql`select pg_advisory_lock(${lockId})`)
    await migrate(db, { migrationsFolder })
  } finally {
    await close()
  }
}
