// The product's processes as a fault test holds them: started, told where to die, killed, frozen.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { ProfileOrder } from '@/bench/profile'
import { spawnNode, stopChild } from '@/scripts/children'
import { webProcess } from '@/scripts/web-process'
import type { Order } from './orders'

export interface Killable {
  readonly name: string
  readonly pid: number
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>
  readonly isAlive: boolean
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void
  stop(): Promise<void>
}

export interface WorkerProcess extends Killable {
  /** Resolves once the worker will obey. */
  order(order: Order | ProfileOrder): Promise<void>
}

function killable(name: string, child: ChildProcess): Killable {
  const ended = once(child, 'exit').then(
    () => {},
    () => {},
  )
  return {
    name,
    pid: child.pid!,
    ended,
    get isAlive() {
      return child.exitCode === null && child.signalCode === null
    },
    signal: (signal) => void child.kill(signal),
    stop: () => stopChild(child),
  }
}

let started = 0

/** Resolves when the worker has started its loops. */
export async function startWorkerProcess(
  env: NodeJS.ProcessEnv,
  file = 'e2e/faults/worker.ts',
  nodeArgs: string[] = [],
): Promise<WorkerProcess> {
  const name = `worker-${++started}`
  const child = spawnNode({ name, file, nodeArgs, env: { ...env, WORKER_NAME: name } })
  const base = killable(name, child)
  await hears(child, 'ready', base)
  return Object.defineProperties(
    {
      async order(order: Order | ProfileOrder) {
        if (!base.isAlive) return
        const obeyed = hears(child, 'obeyed', base)
        child.send(order, () => {})
        await obeyed.catch(() => {})
      },
    },
    Object.getOwnPropertyDescriptors(base),
  ) as WorkerProcess
}

async function hears(child: ChildProcess, what: string, process: Killable): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const hear = (message: unknown) => {
      if (typeof message !== 'object' || message === null || !(what in message)) return
      child.off('message', hear)
      resolve()
    }
    child.on('message', hear)
    void process.ended.then(() => reject(new Error(`${process.name} ended before it was ${what}`)))
  })
}

export async function startWebProcess(
  env: NodeJS.ProcessEnv,
  port: number,
  nodeArgs: string[] = [],
): Promise<Killable> {
  const deadline = performance.now() + 120_000
  // The port was chosen a while ago; a connection of somebody else may hold it for a moment, and then the web ends at once.
  while (performance.now() < deadline) {
    const web = killable('web', spawnNode({ ...webProcess(env, port), nodeArgs }))
    while (performance.now() < deadline && web.isAlive) {
      const response = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => null)
      await response?.body?.cancel()
      if (response?.ok) return web
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  throw new Error('the web did not start')
}
