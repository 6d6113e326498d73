const WHATSAPP_MEDIA = 'https://mmg.whatsapp.net'

/**
 * Sends what this process would download from WhatsApp's media host to the emulator instead, until the returned
 * function is called. The host is built into clients and comes with no message, so nothing smaller reaches it.
 * The emulator's address may be that of its page or of its WebSocket.
 */
export function downloadFromEmulator(emulatorUrl: string): () => void {
  const { protocol, host } = new URL(emulatorUrl)
  const origin = `${protocol.replace('ws', 'http')}//${host}`
  const before = globalThis.fetch
  globalThis.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (!url.startsWith(`${WHATSAPP_MEDIA}/`)) return before(input, init)
    return before(`${origin}${url.slice(WHATSAPP_MEDIA.length)}`, init)
  }
  return () => {
    globalThis.fetch = before
  }
}
