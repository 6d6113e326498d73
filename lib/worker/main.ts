import './quiet-console'
import { createWhatsAppChannel } from '@/lib/channel/whatsapp/channel'
import { productionTimings } from '@/lib/channel/whatsapp/timings'
import { readEnv } from '@/lib/env'
import { composeWorker, stopOnSignal } from './compose'

const worker = composeWorker({
  env: readEnv(process.env),
  openChannel: (ctx) => createWhatsAppChannel({ ...ctx, timings: productionTimings }),
})
stopOnSignal(worker)
await worker
