export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { markPeers } = await import('./lib/http/peer')
  const { closeOpenStreams } = await import('./lib/http/open-streams')
  markPeers()
  process.once('SIGTERM', closeOpenStreams)
  process.once('SIGINT', closeOpenStreams)
}
