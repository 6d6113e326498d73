/** Every span the worker waits, in milliseconds: composed, so that suites can be quick and one test can hold the real ones. */
export interface WorkerTimings {
  leaseMs: number
  renewEveryMs: number
  /** From the start of the last successful renewal, by the monotonic clock: after that nothing is written any more. */
  fenceMs: number
  /** How long a lost notification can delay anything. */
  pollMs: number
  /** What is in flight may take this long when the worker stops. */
  drainMs: number
  /** After a worker's death its deliveries to the CRM are free this long after it last held on to them. */
  laneHoldMs: number
  crmRetry: { minMs: number; maxMs: number }
  /** The CRM does not know a message yet: wait this long before telling it a status again. */
  notYetMs: readonly number[]
  /** Between two requests to the CRM for one sub-account; absent: what the CRM's limit allows. */
  requestEveryMs?: number
  /** From one saved contact brought into the CRM to the next, in one sub-account. */
  contactEveryMs: number
  /** A sub-account the CRM refuses is asked again after this. */
  refusedAgainMs: number
  /** Of the time a sub-account lets messages wait for their session. */
  holdScale: number
}

export const productionTimings: WorkerTimings = {
  leaseMs: 30_000,
  renewEveryMs: 5_000,
  fenceMs: 20_000,
  pollMs: 3_000,
  drainMs: 5_000,
  laneHoldMs: 30_000,
  crmRetry: { minMs: 1_000, maxMs: 300_000 },
  notYetMs: [2_000, 5_000, 10_000, 20_000, 40_000, 80_000],
  contactEveryMs: 200,
  refusedAgainMs: 3_600_000,
  holdScale: 1,
}

/** Something is wrong with a delivery, by our doing or to the CRM's mind: it is tried this often before its lane goes on without it. */
export const poisonCap = 12
