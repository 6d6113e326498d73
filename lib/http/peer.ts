import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'

/** Written by us over whatever a client sent under that name. */
const peerHeader = 'x-trunkline-peer'
const local = 'local'

/**
 * Route handlers see no socket, and the forwarding headers they see may be a client's invention. So every request is marked
 * with where it came from before Next reads it.
 */
export function markPeers(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const isLoopback = address === '::1' || address.startsWith('127.')
    const forwarded = request.headers['x-forwarded-for']
    // A proxy on this machine appends whom it serves; what stands before that is hearsay.
    const last = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded)?.split(',').at(-1)?.trim()
    const isProxied = last !== undefined || request.headers.forwarded !== undefined
    request.headers[peerHeader] = isLoopback ? (isProxied ? `via ${last ?? '?'}` : local) : address
  })
}

/** A key for limits per client. */
export function peerOf(request: Request): string {
  return request.headers.get(peerHeader) ?? 'unknown'
}

/** From a process on this machine, not through a proxy. */
export function isLocal(request: Request): boolean {
  return request.headers.get(peerHeader) === local
}
