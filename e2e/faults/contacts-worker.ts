// The product's worker on the emulated network, with the CRM's pace scaled: thousands of contacts in seconds.
import '@/lib/worker/quiet-console'
import type { BridgeContext } from '@/lib/bridge/context'
import { createWhatsAppChannel } from '@/lib/channel/whatsapp/channel'
import { readEnv } from '@/lib/env'
import { composeWorker, stopOnSignal } from '@/lib/worker/compose'
import { trustEmulator } from '../emulators/whatsapp/trust'
import { listenForOrders } from './orders'
import { lineTimings, workerTimings } from './timings'

const { FAULT_NETWORK, FAULT_ROOT, FAULT_WITHOUT, ...source } = process.env
if (!FAULT_NETWORK || !FAULT_ROOT) throw new Error('FAULT_NETWORK and FAULT_ROOT name the emulated network.')
trustEmulator(FAULT_ROOT)
const orders = listenForOrders()

/** The control run: nobody looks for a contact by number before making one. */
function neverLooks(ctx: Pick<BridgeContext, 'highlevel'>): void {
  const { highlevel } = ctx
  ctx.highlevel = {
    forSubAccount: (id) => ({ ...highlevel.forSubAccount(id), findContactByPhone: async () => null }),
  }
}

const worker = await composeWorker({
  env: readEnv(source, { isLenient: true }),
  openChannel(ctx) {
    if (FAULT_WITHOUT === 'looking') neverLooks(ctx as BridgeContext)
    return createWhatsAppChannel({ ...ctx, timings: lineTimings, webSocketUrl: FAULT_NETWORK })
  },
  timings: {
    ...workerTimings,
    laneHoldMs: 4_000,
    contactEveryMs: 0,
    requestEveryMs: 1,
  },
})
stopOnSignal(worker)
orders.ready()
