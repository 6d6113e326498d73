import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

/**
 * One HTTP exchange. Plain `node:http` instead of fetch: it tells a connection that never came about from a lost answer,
 * follows no redirects, and costs a quarter of the CPU.
 */
export interface Transport {
  /** Throws TransportError; any status, 3xx included, is an answer. */
  send(call: TransportCall): Promise<TransportAnswer>
  close(): void
}

export interface TransportCall {
  method: string
  url: URL
  headers: Record<string, string>
  body: string | null
}

export interface TransportAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

export class TransportError extends Error {
  /** Whether any byte of the request may have reached the other side. */
  readonly mayHaveLeft: boolean
  constructor(message: string, mayHaveLeft: boolean, cause?: unknown) {
    super(message, { cause })
    this.name = 'TransportError'
    this.mayHaveLeft = mayHaveLeft
  }
}

export interface Timeouts {
  connectMs: number
  totalMs: number
}

export const defaultTimeouts: Timeouts = { connectMs: 3_000, totalMs: 15_000 }
const defaultMaxAnswerBytes = 4 * 1024 * 1024

export function createTransport(options: { timeouts?: Timeouts; maxAnswerBytes?: number } = {}): Transport {
  const timeouts = options.timeouts ?? defaultTimeouts
  const maxAnswerBytes = options.maxAnswerBytes ?? defaultMaxAnswerBytes
  // Lower than what servers commonly keep an idle connection for: a reused one that was just closed loses the request.
  const pool = { keepAlive: true, keepAliveMsecs: 10_000, maxSockets: 64, timeout: 4_000 }
  const http = new HttpAgent(pool)
  const https = new HttpsAgent(pool)

  function send({ method, url, headers, body }: TransportCall): Promise<TransportAnswer> {
    return new Promise((resolve, reject) => {
      const isTls = url.protocol === 'https:'
      const length: Record<string, string> = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const call: RequestOptions = {
        method,
        agent: isTls ? https : http,
        headers: { ...headers, ...length, 'accept-encoding': 'identity' },
      }
      const outgoing = isTls ? httpsRequest(url, call) : httpRequest(url, call)
      let isConnected = false
      let connecting: NodeJS.Timeout | undefined
      const fail = (message: string, cause?: unknown) => {
        clearTimeout(connecting)
        clearTimeout(whole)
        reject(new TransportError(message, isConnected, cause))
        outgoing.destroy()
      }
      const whole = setTimeout(() => fail(`no answer within ${timeouts.totalMs} ms`), timeouts.totalMs)

      outgoing.on('socket', (socket) => {
        const connected = () => {
          isConnected = true
          clearTimeout(connecting)
        }
        if (!socket.connecting) return connected()
        connecting = setTimeout(() => fail(`no connection within ${timeouts.connectMs} ms`), timeouts.connectMs)
        socket.once(isTls ? 'secureConnect' : 'connect', connected)
      })
      outgoing.on('error', (error) => fail('the connection failed', error))
      outgoing.on('response', (answer) => {
        readAll(answer, maxAnswerBytes).then(
          (text) => {
            clearTimeout(whole)
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text })
          },
          (error: unknown) => fail(error instanceof Error ? error.message : 'the answer broke off', error),
        )
      })
      outgoing.end(body ?? undefined)
    })
  }

  return {
    send,
    close() {
      http.destroy()
      https.destroy()
    },
  }
}

function readAll(answer: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) {
        answer.destroy()
        reject(new Error(`the answer is larger than ${maxBytes} bytes`))
      } else chunks.push(chunk)
    })
    answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    answer.on('aborted', () => reject(new Error('the answer broke off')))
    answer.on('error', reject)
  })
}
