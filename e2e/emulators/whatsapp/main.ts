import '../quiet-libsignal'
import { parseArgs } from 'node:util'
import { startWhatsAppEmulator } from './server'
import { quietLibsignal } from './signal/quiet'

quietLibsignal()

const { values } = parseArgs({
  options: { port: { type: 'string' }, host: { type: 'string' }, 'data-dir': { type: 'string' } },
})
const port = Number(values.port ?? process.env.WHATSAPP_EMULATOR_PORT ?? 0)
const host = values.host ?? process.env.WHATSAPP_EMULATOR_HOST
const dataDir = values['data-dir'] ?? process.env.WHATSAPP_EMULATOR_DATA_DIR

const emulator = await startWhatsAppEmulator({
  port,
  ...(host === undefined ? {} : { host }),
  ...(dataDir === undefined ? {} : { dataDir }),
})
const { url, webSocketUrl, rootPublicKey } = emulator
process.stdout.write(`${JSON.stringify({ ready: true, url, webSocketUrl, rootPublicKey })}\n`)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    void emulator.close().then(() => process.exit(0))
  })
}
