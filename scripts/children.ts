// The processes of one machine: started, started again when they die, and stopped together.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export interface ChildSpec {
  name: string
  /** A TypeScript or JavaScript file below the root, and what it is given. */
  file: string
  args?: string[]
  env: NodeJS.ProcessEnv
  nodeArgs?: string[]
  /** The child prints one line of JSON when it is ready; `start` resolves with it. Other lines are passed on. */
  announces?: boolean
}

const STOP_MS = 8_000
const BACKOFF_MS = { first: 500, most: 15_000, forgivenAfter: 60_000 }

export class Children {
  readonly #running = new Map<string, ChildProcess>()
  #isStopping = false

  /** Resolves when the child is started, or has announced itself; from then on it is kept running. */
  async start(spec: ChildSpec): Promise<Record<string, unknown>> {
    if (this.#isStopping) throw new Error(`${spec.name} is not started: everything is being stopped`)
    const { child, announcement } = this.#spawn(spec)
    void this.#keep(spec, child)
    return announcement
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all([...this.#running.values()].map(stopChild))
  }

  async #keep(spec: ChildSpec, first: ChildProcess): Promise<void> {
    let delay = BACKOFF_MS.first
    for (let child = first; ; child = this.#spawn(spec).child) {
      const startedAt = Date.now()
      const [code, signal] = await exited(child)
      if (this.#isStopping) return
      if (Date.now() - startedAt > BACKOFF_MS.forgivenAfter) delay = BACKOFF_MS.first
      console.error(`${spec.name} ended (${signal ?? `code ${code}`}); starting it again in ${delay / 1000} s`)
      await sleep(delay)
      if (this.#isStopping) return
      delay = Math.min(delay * 2, BACKOFF_MS.most)
    }
  }

  #spawn(spec: ChildSpec): { child: ChildProcess; announcement: Promise<Record<string, unknown>> } {
    const child = spawnNode(spec)
    this.#running.set(spec.name, child)
    if (!spec.announces) return { child, announcement: Promise.resolve({}) }
    const announcement = readAnnouncement(spec, child)
    // Heard by the first start only; a later one is judged by its exit.
    announcement.catch(() => undefined)
    return { child, announcement }
  }
}

/** One child, tied to this process by a channel: it stops when we are gone, however we went. */
export function spawnNode(spec: ChildSpec): ChildProcess {
  const tie = ['--import', new URL('./end-with-parent.mjs', import.meta.url).href]
  const loader = spec.file.endsWith('.ts') ? ['--import', 'tsx'] : []
  const output = captured(spec.name)
  const child = spawn(
    process.execPath,
    [...tie, ...loader, ...(spec.nodeArgs ?? []), join(root, spec.file), ...(spec.args ?? [])],
    {
      cwd: root,
      env: { ...spec.env, NEXT_TELEMETRY_DISABLED: '1', TIED_TO: String(process.pid) },
      stdio: ['ignore', spec.announces ? 'pipe' : output, output, 'ipc'],
    },
  )
  // The child has its own by now.
  if (typeof output === 'number') closeSync(output)
  return child
}

/** Under the test runner every process writes to a file of its own, so that the whole output can be searched afterwards. */
function captured(name: string): number | 'inherit' {
  const folder = process.env.TEST_OUTPUT_DIR
  if (!folder) return 'inherit'
  mkdirSync(folder, { recursive: true })
  return openSync(join(folder, `${name}-${process.pid}.log`), 'a', 0o600)
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
}

/** One process of many, kept by whoever runs the machine: it ends with its child, well when it was asked to. */
export function runOnly(spec: ChildSpec): void {
  const child = spawnNode(spec)
  let isAsked = false
  onStopRequest(async () => {
    isAsked = true
    await stopChild(child)
  })
  child.once('exit', (code) => {
    if (!isAsked) process.exit(code ?? 1)
  })
}

/** A command that ends by itself; it too goes when we go. */
export async function runNode(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawnNode({ name: 'build', file, args, env })
  const [code] = await exited(child)
  return code ?? 1
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function exited(child: ChildProcess): Promise<[code: number | null, signal: string | null]> {
  if (!hasEnded(child)) await once(child, 'exit').catch(() => undefined)
  return [child.exitCode, child.signalCode]
}

function readAnnouncement(spec: ChildSpec, child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout! })
    let isAnnounced = false
    lines.on('line', (line) => {
      if (!isAnnounced && line.startsWith('{')) {
        isAnnounced = true
        resolve(JSON.parse(line) as Record<string, unknown>)
      } else console.log(line)
    })
    child.once('exit', (code, signal) => reject(new Error(`${spec.name} did not start (${signal ?? `code ${code}`})`)))
  })
}

/** Runs `stop` once, on the first request to end, and then ends; an impatient second request ends at once. */
export function onStopRequest(stop: () => Promise<void>): void {
  let askedAt = 0
  const request = () => {
    if (askedAt) {
      // One Ctrl-C can arrive several times: from the terminal, and handed on by npm and the launcher.
      if (Date.now() - askedAt > 1_500) process.exit(1)
      return
    }
    askedAt = Date.now()
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : error)
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request)
}

export async function answers(url: string, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
      await response.body?.cancel()
      if (response.ok) return
    } catch {
      // Not there yet.
    }
    if (Date.now() > deadline) throw new Error(`${url} did not answer within ${withinMs / 1000} s`)
    await sleep(100)
  }
}
