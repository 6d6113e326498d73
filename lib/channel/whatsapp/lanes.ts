/** Runs tasks of one lane in order and of different lanes side by side, at most `width` at a time. */
export interface Lanes {
  /** A task of several lanes waits for what each holds and is waited for in all. It must not throw. */
  add(lane: string | readonly string[], task: () => Promise<void>): Promise<void>
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
      const names = typeof lane === 'string' ? [lane] : lane
      const tail = Promise.all(names.map((name) => tails.get(name))).then(async () => {
        await enter()
        try {
          await task()
        } finally {
          leave()
          for (const name of names) if (tails.get(name) === tail) tails.delete(name)
        }
      })
      for (const name of names) tails.set(name, tail)
      return tail
    },
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values())
    },
  }
}
