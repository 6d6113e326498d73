/** Runs tasks of one lane in order and of different lanes side by side, at most `width` at a time. */
export interface Lanes {
  /** A task must not throw. */
  add(lane: string, task: () => Promise<void>): Promise<void>
  /** Resolves when nothing is running or waiting. */
  idle(): Promise<void>
}

export function createLanes(width: number): Lanes {
  const tails = new Map<string, Promise<void>>()
  const queue: (() => void)[] = []
  let running = 0

  async function enter(): Promise<void> {
    if (running < width) {
      running += 1
      return
    }
    await new Promise<void>((resolve) => queue.push(resolve))
  }

  function leave(): void {
    const next = queue.shift()
    if (next) next()
    else running -= 1
  }

  return {
    add(lane, task) {
      const before = tails.get(lane) ?? Promise.resolve()
      const tail = before.then(async () => {
        await enter()
        try {
          await task()
        } finally {
          leave()
          if (tails.get(lane) === tail) tails.delete(lane)
        }
      })
      tails.set(lane, tail)
      return tail
    },
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values())
    },
  }
}
