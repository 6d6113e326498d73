/**
 * Asks the page around us for the encrypted user data. Only the parent's own window is listened to; what it says is opaque
 * here and proves nothing until the server has opened it.
 */
export function askParent(signal: AbortSignal, withinMs = 10_000): Promise<string | null> {
  return new Promise((resolve) => {
    const finish = (payload: string | null) => {
      clearInterval(asking)
      clearTimeout(giveUp)
      window.removeEventListener('message', hear)
      signal.removeEventListener('abort', abort)
      resolve(payload)
    }
    const hear = (event: MessageEvent<unknown>) => {
      if (event.source !== window.parent) return
      const payload = payloadOf(event.data)
      if (payload !== null) finish(payload)
    }
    const abort = () => finish(null)
    const ask = () => window.parent.postMessage({ message: 'REQUEST_USER_DATA' }, '*')
    window.addEventListener('message', hear)
    signal.addEventListener('abort', abort)
    // A parent that is still loading misses the first question.
    const asking = setInterval(ask, 1000)
    const giveUp = setTimeout(() => finish(null), withinMs)
    ask()
  })
}

function payloadOf(data: unknown): string | null {
  if (typeof data !== 'object' || data === null) return null
  const { message, payload } = data as { message?: unknown; payload?: unknown }
  return message === 'REQUEST_USER_DATA_RESPONSE' && typeof payload === 'string' ? payload : null
}

export const isFramed = () => window.parent !== window
