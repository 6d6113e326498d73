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
  stop(): Promise<void>
}

export async function startJobs(options: { databaseUrl: string; jobs: readonly Job[]; log: Log }): Promise<Jobs> {
  const { log } = options
  const boss = new PgBoss({
    connectionString: options.databaseUrl,
    application_name: 'trunkline jobs',
    max: 2,
    superviseIntervalSeconds: 30,
    monitorIntervalSeconds: 30,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'jobs could not reach the database'))
  await boss.start()
  for (const job of options.jobs) {
    // `stately`: one waiting and one running, however many workers schedule it.
    await boss.createQueue(job.name, { policy: 'stately', retryLimit: 0, expireInSeconds: 900 })
    await boss.schedule(job.name, job.cron)
    await boss.work(job.name, { pollingIntervalSeconds: 10 }, async () => {
      try {
        await job.run()
      } catch (error) {
        // The next round is the retry; a failed job would only block its queue.
        log.warn({ event: job.name, err: error }, 'job failed')
      }
    })
  }
  return {
    stop: () => boss.stop({ graceful: true, timeout: 5_000 }),
  }
}
