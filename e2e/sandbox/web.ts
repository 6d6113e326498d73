// One web process of many, joined to the emulators that SANDBOX_* name.
import { readEnv } from '@/lib/env'
import { onStopRequest, spawnNode, stopChild } from '@/scripts/children'
import { runCommand } from '@/scripts/command'
import { ensureBuilt } from '@/scripts/ensure-built'
import { webProcess } from '@/scripts/web-process'
import { forWeb, joinedEnvironment } from './environment'

runCommand(async () => {
  const environment = forWeb(joinedEnvironment(process.env, { whatsapp: false }))
  const { port } = readEnv(environment)
  await ensureBuilt()
  const web = spawnNode(webProcess(environment, port))
  onStopRequest(() => stopChild(web))
  web.once('exit', (code) => process.exit(code ?? 1))
})
