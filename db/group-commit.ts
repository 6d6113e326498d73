/**
 * Folds writes that fall into the same moment into one statement: while one flush is under way, the items that arrive wait
 * and go together with the next. A lone item is flushed at once, so nothing waits for company, unless `lingerMs` says that what
 * it is about is in no hurry.
 *
 * `flush` answers one result per item, in order; an Error among the results rejects that item alone, a throw rejects all.
 */
export function createGroup<Item, Result>(
  flush: (items: Item[]) => Promise<(Result | Error)[]>,
  options: { max?: number; lingerMs?: number } = {},
): (item: Item) => Promise<Result> {
  const { max = 200, lingerMs = 0 } = options
  let waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []
  let flushing = false

  async function run(): Promise<void> {
    flushing = true
    // One turn of the event loop gathers what the same tick brings.
    await Promise.resolve()
    while (waiting.length > 0) {
      if (lingerMs > 0) await new Promise((resolve) => setTimeout(resolve, lingerMs))
      const batch = waiting.slice(0, max)
      waiting = waiting.slice(max)
      try {
        const results = await flush(batch.map((entry) => entry.item))
        batch.forEach((entry, index) => {
          const result = results[index]
          if (result instanceof Error) entry.reject(result)
          else entry.resolve(result as Result)
        })
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
    }
    flushing = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!flushing) void run()
    })
}
