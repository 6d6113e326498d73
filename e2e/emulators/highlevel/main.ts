import type { DeepPartial, EmulatorOptions, Settings } from './options'
import { startHighLevelEmulator } from './server'

/**
 * The emulator as a process of its own: options as JSON in the first argument or in EMULATOR_OPTIONS, one JSON line
 * on stdout when it is ready, clean end on SIGTERM.
 */
const given = process.argv[2] ?? process.env.EMULATOR_OPTIONS
if (!given) {
  process.stderr.write('Give the options as JSON: main.ts \'{"port":4001,"app":{…}}\', or in EMULATOR_OPTIONS.\n')
  process.exit(2)
}
const options = JSON.parse(given) as EmulatorOptions & { settings?: DeepPartial<Settings> }
const emulator = await startHighLevelEmulator(options)
const { url, apiUrl, authorizeUrl, webhookPublicKey } = emulator
process.stdout.write(
  `${JSON.stringify({ ready: true, url, apiUrl, authorizeUrl, webhookPublicKey, pid: process.pid })}\n`,
)
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => void emulator.close().then(() => process.exit(0)))
