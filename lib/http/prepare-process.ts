import { wordErrors } from './api-errors'
import { closeOpenStreams } from './open-streams'
import { markPeers } from './peer'

/** Once per web process, before its first request. */
export function prepareProcess(): void {
  markPeers()
  wordErrors()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, closeOpenStreams)
}
