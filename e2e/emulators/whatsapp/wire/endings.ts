import { node, type Node } from './node'

/** How a connection ends: what is said last, and whether the line is cut without a goodbye. */
export interface Ending {
  last?: Node
  cut?: boolean
}

/** How WhatsApp ends a connection that was up, by the code Baileys reports for it. */
export function liveEnding(code: number): Ending {
  switch (code) {
    case 401:
      return { last: node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]) }
    case 408:
      return { last: node('stream:error', { code: '408' }) }
    case 428:
      return { cut: true }
    case 440:
      return { last: node('stream:error', {}, [node('conflict', { type: 'replaced' })]) }
    default:
      return { last: node('stream:error', { code: String(code) }) }
  }
}

/** How WhatsApp answers a login it refuses. A few codes only ever come as a stream error or as a cut. */
export function loginEnding(code: number): Ending {
  if (code === 428 || code === 440 || code === 515) return liveEnding(code)
  // Only of a ban that ends does it say for how many seconds.
  const term = code === 402 ? { code: '101', expire: '3600' } : {}
  return { last: node('failure', { reason: String(code), location: 'lla', ...term }) }
}
