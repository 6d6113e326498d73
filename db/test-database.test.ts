import { expect, test } from 'vitest'
import postgres from 'postgres'
import { createTestDatabase } from './test-database'

test('each test database is migrated, its own, and gone when dropped', async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()])
  const sql = postgres(one.url, { max: 1 })
  const [row] = await sql`select to_regclass('public.sessions') is not null as "isMigrated"`
  expect(row).toEqual({ isMigrated: true })
  await sql`create table only_here ()`
  await sql.end()

  const elsewhere = postgres(other.url, { max: 1 })
  const [there] = await elsewhere`select to_regclass('public.only_here') as found`
  expect(there).toEqual({ found: null })
  await elsewhere.end()

  await Promise.all([one.drop(), other.drop()])
  const gone = postgres(one.url, { max: 1 })
  await expect(gone`select 1`).rejects.toThrow(/does not exist/)
  await gone.end()
})
