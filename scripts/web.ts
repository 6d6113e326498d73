// One web process of many.
import { readEnv } from '@/lib/env'
import { onStopRequest, spawnNode, stopChild } from './children'
import { runCommand } from './command'
import { ensureBuilt } from './ensure-built'
import { webProcess } from './web-process'

runCommand(async () => {
  const env = readEnv(process.env)
  await ensureBuilt()
  const web = spawnNode(webProcess(process.env, env.port))
  onStopRequest(() => stopChild(web))
  web.once('exit', (code) => process.exit(code ?? 1))
})
