/** Work on a schedule: everything that is not a message. Any worker runs it, one at a time in the whole deployment. */
import { PgBoss } from 'pg-boss'
import type { Log } from '@/lib/log'

export interface Job {
  name: string
  /** Five fields, UTC. */
  cron: string
  /** Safe to run at any time, twice, or again after dying half-way. */
  run(): Promise<void>
}

export interface Jobs {
  /** Has a job run soon: as often as it is asked for while it waits or runs, it runs once more. Returns at once. */
  wake(name: string): void
  stop(): Promise<void>
}

const gatherMs = 100
/**
 * A worker that dies, or loses the database while a job runs, leaves it running: after so long without a sign of life the
 * next one may run it.
 */
const heartbeatSeconds = 15
const lookEverySeconds = 10

export async function startJobs(options: { databaseUrl: string; jobs: readonly Job[]; log: Log }): Promise<Jobs> {
  const { log } = options
  const boss = new PgBoss({
    connectionString: options.databaseUrl,
    application_name: 'trunkline jobs',
    max: 2,
    superviseIntervalSeconds: lookEverySeconds,
    monitorIntervalSeconds: lookEverySeconds,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'jobs could not reach the database'))
  await boss.start()
  const workers = new Map<string, string>()
  const asked = new Set<string>()
  for (const job of options.jobs) {
    // `stately`: one waiting and one running, however many workers schedule it.
    const limits = { retryLimit: 0, expireInSeconds: 900, heartbeatSeconds }
    await boss.createQueue(job.name, { policy: 'stately', ...limits })
    // Of one made by an earlier version.
    await boss.updateQueue(job.name, limits)
    await boss.schedule(job.name, job.cron)
    const worker = await boss.work(job.name, { pollingIntervalSeconds: 10 }, async () => {
      try {
        await job.run()
      } catch (error) {
        // The next round is the retry; a failed job would only block its queue.
        log.warn({ event: job.name, err: error }, 'job failed')
      }
    })
    workers.set(job.name, worker)
  }

  /** Those asked for in one moment go together. */
  async function wakeSoon(name: string, worker: string): Promise<void> {
    await new Promise((done) => setTimeout(done, gatherMs))
    asked.delete(name)
    // Refused when one waits already, in any worker.
    await boss.send(name)
    boss.notifyWorker(worker)
  }

  return {
    wake(name) {
      const worker = workers.get(name)
      if (worker === undefined || asked.has(name)) return
      asked.add(name)
      wakeSoon(name, worker).catch((error: unknown) => log.warn({ event: name, err: error }, 'job not woken'))
    },
    stop: () => boss.stop({ graceful: true, timeout: 5_000 }),
  }
}
