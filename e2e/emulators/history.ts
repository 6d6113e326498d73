import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** One thing an emulator saw. `stamp` is the machine's monotonic clock in ms, comparable between processes of one machine. */
export interface HistoryEvent {
  n: number
  stamp: number
  world: 'whatsapp' | 'highlevel'
  kind: string
  [field: string]: unknown
}

export interface History {
  add(kind: string, fields?: Record<string, unknown>): HistoryEvent
  /** Events with `n` greater than the given one, oldest first. */
  since(n: number): HistoryEvent[]
  /** The `n` of the newest event, 0 before the first. */
  last(): number
  /** Calls `hear` for every event from now on, in order, until the returned function is called. */
  listen(hear: (event: HistoryEvent) => void): () => void
}

/**
 * What one emulator saw, in the order it saw it. Checkers judge the product by this and nothing else, so nothing
 * here is ever asked of the product. With a file, the history survives a restart of the emulator.
 */
export function createHistory(world: HistoryEvent['world'], file?: string): History {
  const events: HistoryEvent[] =
    file && existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as HistoryEvent)
      : []
  const listeners = new Set<(event: HistoryEvent) => void>()
  return {
    add(kind, fields = {}) {
      const event: HistoryEvent = {
        ...fields,
        n: (events.at(-1)?.n ?? 0) + 1,
        stamp: Number(process.hrtime.bigint() / 1000n) / 1000,
        world,
        kind,
      }
      events.push(event)
      if (file) appendFileSync(file, `${JSON.stringify(event)}\n`)
      for (const hear of listeners) hear(event)
      return event
    },
    since(n) {
      const first = events[0]?.n ?? 1
      return events.slice(Math.max(0, n - first + 1))
    },
    last: () => events.at(-1)?.n ?? 0,
    listen(hear) {
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
  }
}
