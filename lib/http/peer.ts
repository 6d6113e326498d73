import { subscribe } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Written by us over whatever a client sent under that name. */
const peerHeader = 'x-trunkline-peer'
const local = 'local'

/** Where a balancer may stand. Whoever else is in there can name any address, which frees them of a limit and gains nothing. */
const privateNetworks = new BlockList()
privateNetworks.addSubnet('10.0.0.0', 8)
privateNetworks.addSubnet('172.16.0.0', 12)
privateNetworks.addSubnet('192.168.0.0', 16)
privateNetworks.addSubnet('100.64.0.0', 10)
privateNetworks.addSubnet('fc00::', 7, 'ipv6')

/**
 * Route handlers see no socket, and the forwarding headers they see may be a client's invention. So every request is marked
 * with where it came from before Next reads it.
 */
export function markPeers(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    request.headers[peerHeader] = nameOf(request.socket.remoteAddress ?? '', request.headers)
  })
}

/** Exported for tests: they cannot call from another network. */
export function nameOf(remoteAddress: string, headers: IncomingHttpHeaders): string {
  const address = remoteAddress.replace(/^::ffff:/, '')
  const isLoopback = address === '::1' || address.startsWith('127.')
  const forwarded = headers['x-forwarded-for']
  // A proxy appends whom it serves; what stands before that is hearsay.
  const last = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded)?.split(',').at(-1)?.trim()
  const isProxied = last !== undefined || headers.forwarded !== undefined
  if (isLoopback && !isProxied) return local
  // A balancer's own address would put all of its clients under one limit.
  return isProxied && (isLoopback || isPrivate(address)) ? `via ${last ?? '?'}` : address
}

function isPrivate(address: string): boolean {
  return isIP(address) > 0 && privateNetworks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** A key for limits per client. */
export function peerOf(request: Request): string {
  return request.headers.get(peerHeader) ?? 'unknown'
}

/** From a process on this machine, not through a proxy. */
export function isLocal(request: Request): boolean {
  return request.headers.get(peerHeader) === local
}
