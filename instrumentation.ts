export async function register(): Promise<void> {
  // In this form Next leaves the import out of what it builds for runtimes without sockets and signals.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { prepareProcess } = await import('./lib/http/prepare-process')
    prepareProcess()
  }
}
