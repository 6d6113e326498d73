/** Short, so that a suite of minutes sees many takeovers; what the real ones are is another test's business. */
import { productionTimings as line, type WhatsAppTimings } from '@/lib/channel/whatsapp/timings'
import { productionTimings as worker, type WorkerTimings } from '@/lib/worker/timings'

export const workerTimings: WorkerTimings = {
  ...worker,
  leaseMs: 5_000,
  renewEveryMs: 400,
  fenceMs: 3_500,
  pollMs: 400,
  drainMs: 2_000,
  // Longer than one delivery can take, the search after an unknown outcome included.
  laneHoldMs: 12_000,
  crmRetry: { minMs: 50, maxMs: 1_000 },
  notYetMs: [100, 200, 500, 1_000, 2_000, 4_000, 8_000],
  refusedAgainMs: 2_000,
}

export const lineTimings: WhatsAppTimings = {
  ...line,
  ackWaitMs: 8_000,
  backoffMinMs: 20,
  backoffMaxMs: 300,
  stableMs: 400,
  replacedWaitMs: 100,
  databaseWaitMs: 2_000,
  hearRetryMinMs: 20,
  hearRetryMaxMs: 300,
  retryRequestDelayMs: 20,
}
