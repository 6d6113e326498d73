// The browser specs alone: `npm run e2e -- pairing --headed`.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onStopRequest, runNode } from './children'
import { findOrInstallChromium } from './chromium'
import { runCommand } from './command'
import { stopPostgresIn } from './postgres'

runCommand(async () => {
  const env = { ...process.env, E2E_CHROMIUM: findOrInstallChromium() }
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-e2e-'))
  await chmod(folder, 0o711)
  const clean = async () => {
    await stopPostgresIn(join(folder, 'postgres'))
    await rm(folder, { recursive: true, force: true })
  }
  onStopRequest(clean)
  const args = ['test', ...process.argv.slice(2)]
  try {
    process.exitCode = await runNode('node_modules/@playwright/test/cli.js', args, { ...env, E2E_DATA: folder })
  } finally {
    await clean()
  }
})
