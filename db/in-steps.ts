const rowsAtOnce = 2_000

/** Repeats a statement that takes at most `limit` rows until it finds fewer: the time of one transaction is not enough for all. */
export async function inSteps(step: (limit: number) => PromiseLike<{ count: number }>): Promise<void> {
  while ((await step(rowsAtOnce)).count >= rowsAtOnce);
}
