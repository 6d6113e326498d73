// One web process of many, joined to the emulators that SANDBOX_* name.
import { readEnv } from '@/lib/env'
import { runOnly } from '@/scripts/children'
import { runCommand } from '@/scripts/command'
import { ensureBuilt } from '@/scripts/ensure-built'
import { webProcess } from '@/scripts/web-process'
import { forWeb, joinedEnvironment } from './environment'

runCommand(async () => {
  const environment = forWeb(joinedEnvironment(process.env, { whatsapp: false }))
  const { port } = readEnv(environment, { isLenient: true })
  await ensureBuilt()
  runOnly(webProcess(environment, port))
})
