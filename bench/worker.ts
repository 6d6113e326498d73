// The product's worker as it is in production, on the emulated network.
import '@/lib/worker/quiet-console'
import { createWhatsAppChannel } from '@/lib/channel/whatsapp/channel'
import { productionTimings } from '@/lib/channel/whatsapp/timings'
import { readEnv } from '@/lib/env'
import { composeWorker, stopOnSignal } from '@/lib/worker/compose'
import { trustEmulator } from '@/e2e/emulators/whatsapp/trust'
import { isProfileOrder, obeyProfileOrder } from './profile'

const { FAULT_NETWORK, FAULT_ROOT, FAULT_WITHOUT: _, ...source } = process.env
if (!FAULT_NETWORK || !FAULT_ROOT) throw new Error('FAULT_NETWORK and FAULT_ROOT name the emulated network.')
trustEmulator(FAULT_ROOT)
const worker = await composeWorker({
  env: readEnv(source, { isLenient: true }),
  openChannel: (ctx) => createWhatsAppChannel({ ...ctx, timings: productionTimings, webSocketUrl: FAULT_NETWORK }),
})
stopOnSignal(worker)
process.on('message', (message) => {
  if (isProfileOrder(message)) void obeyProfileOrder(message).then(() => process.send?.({ obeyed: true }))
})
process.send?.({ ready: true })
