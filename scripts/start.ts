// Everything on one machine, for a real CRM. Without credentials the launcher starts the sandbox instead.
import { join } from 'node:path'
import { runMigrations } from '@/db/migrate'
import { readEnv } from '@/lib/env'
import { answers, root } from './children'
import { ensureBuilt } from './ensure-built'
import { runMachine } from './machine'
import { mustBeFree } from './ports'
import { webProcess } from './web-process'

runMachine(async ({ children, database }) => {
  // Everything wrong is said before anything is started; where the database will be is not known yet.
  const env = readEnv({ ...process.env, DATABASE_URL: process.env.DATABASE_URL?.trim() || 'postgres://to-be-started' })
  await mustBeFree(env.port)
  await ensureBuilt()
  const url = await database(process.env.DATABASE_URL, join(root, '.data', 'postgres'))
  await runMigrations(url)
  const shared = { ...process.env, DATABASE_URL: url }
  await children.start(webProcess(shared, env.port))
  await children.start({ name: 'worker', file: 'lib/worker/main.ts', env: shared })
  await answers(`http://127.0.0.1:${env.port}/api/ready`, 60_000)
  console.log(`App ${env.appUrl}`)
  console.log('ready')
})
