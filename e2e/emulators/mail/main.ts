import { parseArgs } from 'node:util'
import { startMailEmulator } from './server'

const { values } = parseArgs({ options: { port: { type: 'string' }, 'data-dir': { type: 'string' } } })
const dataDir = values['data-dir']
const emulator = await startMailEmulator({ port: Number(values.port ?? 0), ...(dataDir ? { dataDir } : {}) })
const { url, smtpUrl } = emulator
process.stdout.write(`${JSON.stringify({ ready: true, url, smtpUrl })}\n`)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => void emulator.close().then(() => process.exit(0)))
