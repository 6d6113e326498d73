import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { operations } from './operations'

/**
 * Some requests are answered by Next before a route of ours sees them: a method the route does not have, an address that
 * cannot be decoded. Programs are told so in the words of the API, whoever says it.
 */
export function wordErrors(): void {
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    if (request.url?.startsWith('/api/v1')) wordErrorsOf(request, response)
  })
}

const said: Record<number, { code: string; message: string }> = {
  400: { code: 'bad_request', message: 'The request is not understood.' },
  404: { code: 'not_found', message: 'There is nothing at this address.' },
  405: { code: 'method_not_allowed', message: 'This address does not take this method.' },
  413: { code: 'too_large', message: 'The request is too large.' },
}
const ours = { code: 'internal', message: 'Something went wrong on our side. Try again in a moment.' }
const theirs = { code: 'bad_request', message: 'The request cannot be answered.' }

/** Exported for tests. Replaces an error in anything but JSON, at the moment it begins to leave. */
export function wordErrorsOf(request: IncomingMessage, response: ServerResponse): void {
  const { writeHead, write, end } = response
  let isReplaced = false

  const replace = (given: number): boolean => {
    if (isReplaced || response.headersSent) return isReplaced
    const status = given === 500 && !isReadable(request.url ?? '') ? 400 : given
    if (status < 400 || /^application\/json\b/.test(String(response.getHeader('content-type') ?? ''))) return false
    isReplaced = true
    response.removeHeader('content-encoding')
    const body = JSON.stringify({ error: said[status] ?? (status < 500 ? theirs : ours) })
    response.setHeader('content-type', 'application/json')
    response.setHeader('content-length', Buffer.byteLength(body))
    response.setHeader('cache-control', 'no-store')
    if (status === 405) response.setHeader('allow', methodsAt(request.url ?? '').join(', '))
    writeHead.call(response, status)
    end.call(response, body, 'utf8')
    return true
  }

  response.writeHead = function (this: ServerResponse, status: number, ...rest: unknown[]) {
    return replace(status) ? this : writeHead.apply(this, [status, ...rest] as Parameters<typeof writeHead>)
  } as typeof writeHead
  response.write = function (this: ServerResponse, ...chunk: unknown[]) {
    return replace(this.statusCode) || write.apply(this, chunk as Parameters<typeof write>)
  } as typeof write
  response.end = function (this: ServerResponse, ...chunk: unknown[]) {
    return replace(this.statusCode) ? this : end.apply(this, chunk as unknown as Parameters<typeof end>)
  } as typeof end
}

/** An address that is no text breaks Next, which takes it for a fault of its own. */
function isReadable(url: string): boolean {
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}

function methodsAt(url: string): string[] {
  const path = url.split('?')[0]!.replace(/^\/api\/v1/, '')
  const methods = Object.values(operations)
    .filter((one) => new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .map((one) => one.method.toUpperCase())
  return [...new Set(methods.includes('GET') ? ['HEAD', 'OPTIONS', ...methods] : ['OPTIONS', ...methods])].sort()
}
