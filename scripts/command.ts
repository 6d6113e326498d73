// How every script ends: a sentence for a person instead of a stack.
export function runCommand(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    const isPlain = error instanceof Error && (error.name === 'Error' || error.name === 'EnvError')
    console.error(isPlain && !process.env.DEBUG ? error.message : error)
    process.exit(1)
  })
}
