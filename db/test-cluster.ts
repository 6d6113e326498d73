// vitest's global setup: where this run's databases live. The server itself is started by the first test that asks for a
// database, so a run of rule tables alone needs none.
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopPostgresIn } from '@/scripts/postgres'
import { dropTestDatabases } from './test-database'

export default async function setUp(): Promise<() => Promise<void>> {
  process.env.TEST_RUN ??= randomBytes(4).toString('hex')
  const given = process.env.TEST_DATABASE_URL ?? process.env.DATABASE_URL
  if (given) {
    process.env.TEST_DATABASE_URL = given
    return () => dropTestDatabases(given)
  }
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-test-'))
  // The server may run as another user, who must be able to enter.
  await chmod(folder, 0o711)
  process.env.TEST_CLUSTER = join(folder, 'postgres')
  return async () => {
    await stopPostgresIn(join(folder, 'postgres'))
    await rm(folder, { recursive: true, force: true })
  }
}
