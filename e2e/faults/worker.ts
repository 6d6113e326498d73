// The product's worker with short timings, on the emulated network, that dies where it is told to.
import '@/lib/worker/quiet-console'
import { createWhatsAppChannel } from '@/lib/channel/whatsapp/channel'
import { readEnv } from '@/lib/env'
import { composeWorker, stopOnSignal } from '@/lib/worker/compose'
import { trustEmulator } from '../emulators/whatsapp/trust'
import { listenForOrders } from './orders'
import { lineTimings, workerTimings } from './timings'
import { mintsAnew, readRules } from './rules'

const { FAULT_NETWORK, FAULT_ROOT, FAULT_WITHOUT, FAULT_LEASE_MS, ...source } = process.env
if (!FAULT_NETWORK || !FAULT_ROOT) throw new Error('FAULT_NETWORK and FAULT_ROOT name the emulated network.')
trustEmulator(FAULT_ROOT)
const orders = listenForOrders()
const rules = readRules(FAULT_WITHOUT)

const worker = await composeWorker({
  env: readEnv(source, { isLenient: true }),
  openChannel: (ctx) => {
    const channel = createWhatsAppChannel({
      ...ctx,
      timings: lineTimings,
      webSocketUrl: FAULT_NETWORK,
      reach: orders.reach,
      without: { keysFirst: !rules.keysFirst },
    })
    return rules.sameId ? channel : mintsAnew(channel)
  },
  timings: { ...workerTimings, ...(FAULT_LEASE_MS && { leaseMs: Number(FAULT_LEASE_MS) }) },
  reach: orders.reach,
  without: { fence: !rules.fence },
})
stopOnSignal(worker)
orders.ready()
