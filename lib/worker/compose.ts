/** A worker out of the environment's values. What differs between production, the sandbox and the suites is passed in. */
import { randomBytes } from 'node:crypto'
import { openDatabase, openListener } from '@/db/client'
import { jobChannel } from '@/db/notify'
import { createVault } from '@/db/vault'
import { connectCrm } from '@/lib/bridge/sub-account/connect-crm'
import type { BridgeContext } from '@/lib/bridge/context'
import { grantedByOperators } from '@/lib/bridge/entitlement/entitlements'
import type { ConnectContext } from '@/lib/bridge/sub-account/connect-context'
import type { Channel, ReachFaultPoint } from '@/lib/channel/channel'
import { systemClock } from '@/lib/clock'
import type { Env } from '@/lib/env'
import { createLog } from '@/lib/log'
import { createMark } from '@/lib/seal'
import { startJobs } from '@/lib/jobs/start-jobs'
import { createMailer } from '@/lib/mail/mailer'
import { scheduledJobs } from './jobs'
import type { WorkerTimings } from './timings'
import { startWorker, type Worker, type WorkerOptions } from './worker'

export interface Composition {
  env: Env
  openChannel: (ctx: Pick<BridgeContext, 'db' | 'vault' | 'log' | 'clock'>) => Channel
  timings?: WorkerTimings
  reach?: ReachFaultPoint
  without?: WorkerOptions['without']
}

export interface ComposedWorker extends Worker {
  /** Has a scheduled job run now. */
  wakeJob(name: string): void
}

export async function composeWorker({ env, openChannel, ...rest }: Composition): Promise<ComposedWorker> {
  // Baileys reads a stack for every frame it sends. Those that are logged are translated by the log.
  process.setSourceMapsEnabled(false)
  const owner = `${env.worker.name}-${randomBytes(4).toString('hex')}`
  const clock = systemClock
  const log = createLog({ name: 'worker', level: env.logLevel }).child({ worker: owner })
  const { db, close } = openDatabase(env.databaseUrl, { max: 16, name: owner })
  const listener = openListener(env.databaseUrl)
  const vault = createVault(db, env.keyring)
  const crm = connectCrm({
    ...{ db, vault, clock, log },
    app: env.highlevel,
    appUrl: env.appUrl,
    ...(rest.reach ? { reach: rest.reach } : {}),
    requestEveryMs: rest.timings?.requestEveryMs,
    rest: rest.timings?.crmRetry,
  })
  const ctx: BridgeContext & ConnectContext = {
    ...{ db, vault, clock, log, ...crm },
    ...{ entitlements: grantedByOperators, mark: createMark(env.appSecret) },
  }
  const channels = { whatsapp: openChannel(ctx) }
  const worker = await startWorker({
    ctx,
    owner,
    channels,
    listener,
    pacing: env.isPaced ? 'on' : 'off',
    ...(env.worker.maxSessions ? { maxSessions: env.worker.maxSessions } : {}),
    ...rest,
  })
  const { smtpUrl, from } = env.mail
  const mailer = smtpUrl && from ? createMailer({ smtpUrl, from }) : null
  const jobs = await startJobs({
    ...{ databaseUrl: env.databaseUrl, log },
    jobs: scheduledJobs(ctx, Object.values(channels), { mailer, appUrl: env.appUrl }),
  })
  await listener.listen(jobChannel, (name) => void (name && jobs.wake(name)))
  log.info({}, 'worker started')
  return {
    wakeJob: (name) => jobs.wake(name),
    async stop() {
      await Promise.all([worker.stop(), jobs.stop()])
      mailer?.close()
      await listener.close()
      await close()
      log.info({}, 'worker stopped')
    },
  }
}

/** A worker that is only being started when it is asked to stop may take this long to get so far. */
const startedWithinMs = 5_000

/**
 * Stops the worker once on the first signal, or when the launcher that started it is gone. Told of a start, it hears signals
 * from then on: the worker has leases before it is all there, and would die with them.
 */
export function stopOnSignal(worker: Worker | Promise<Worker>): void {
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    const patience = setTimeout(() => process.exit(1), startedWithinMs)
    const stopped = Promise.resolve(worker).then((started) => {
      clearTimeout(patience)
      return started.stop()
    })
    void stopped.then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
}
