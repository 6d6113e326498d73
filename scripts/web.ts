// One web process of many.
import { readEnv } from '@/lib/env'
import { runOnly } from './children'
import { runCommand } from './command'
import { ensureBuilt } from './ensure-built'
import { webProcess } from './web-process'

runCommand(async () => {
  const env = readEnv(process.env)
  await ensureBuilt()
  runOnly(webProcess(process.env, env.port))
})
