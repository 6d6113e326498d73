// The product's worker with two values changed: the network's address, and the key its handshake is trusted by.
import '@/lib/worker/quiet-console'
import { createWhatsAppChannel } from '@/lib/channel/whatsapp/channel'
import { productionTimings } from '@/lib/channel/whatsapp/timings'
import { composeWorker, stopOnSignal } from '@/lib/worker/compose'
import { trustEmulator } from '../emulators/whatsapp/trust'
import { readWorkerEnvironment } from './environment'

const { env, network } = readWorkerEnvironment(process.env)
if (network.kind === 'emulated') trustEmulator(network.root)
const worker = await composeWorker({
  env,
  openChannel: (ctx) =>
    createWhatsAppChannel({
      ...ctx,
      timings: productionTimings,
      ...(network.kind === 'emulated' ? { webSocketUrl: network.url } : {}),
    }),
})
stopOnSignal(worker)
