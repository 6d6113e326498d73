import { runMigrations } from '@/db/migrate'
import { runCommand } from './command'

runCommand(async () => {
  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL: is missing; takes the postgres:// address of a PostgreSQL 15 or newer')
  await runMigrations(url)
  console.log('The database has the newest schema.')
})
