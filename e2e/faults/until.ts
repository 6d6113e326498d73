/** Resolves with the first truthy answer. The time limit is for a run that hangs, not a measure of speed; then `explain` is asked. */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  timeoutMs = 300_000,
  explain: () => Promise<string> | string = () => '',
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > deadline)
      throw new Error(`not within ${timeoutMs / 1000} s: ${what} ${await explain()}`.trimEnd())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
