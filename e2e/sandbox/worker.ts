// The product's worker with the network's address changed, the key its handshake is trusted by, and for specs how long messages
// are held and codes live.
import '@/lib/worker/quiet-console'
import { createWhatsAppChannel } from '@/lib/channel/whatsapp/channel'
import { productionTimings } from '@/lib/channel/whatsapp/timings'
import { productionTimings as workerTimings } from '@/lib/worker/timings'
import { composeWorker, stopOnSignal } from '@/lib/worker/compose'
import { trustEmulator } from '../emulators/whatsapp/trust'
import { readWorkerEnvironment } from './environment'
import { whenTimeMoves } from './time'

const { env, network, holdScale, codeMs } = readWorkerEnvironment(process.env)
if (network.kind === 'emulated') trustEmulator(network.root)
const starting = composeWorker({
  env,
  timings: { ...workerTimings, holdScale },
  openChannel: (ctx) =>
    createWhatsAppChannel({
      ...ctx,
      timings: { ...productionTimings, qrMs: codeMs ?? productionTimings.qrMs },
      ...(network.kind === 'emulated' ? { webSocketUrl: network.url } : {}),
    }),
})
stopOnSignal(starting)
const worker = await starting
whenTimeMoves(() => ['entitlements', 'alerts', 'mails'].forEach((job) => worker.wakeJob(job)))
