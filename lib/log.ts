import { findSourceMap } from 'node:module'
import pino from 'pino'

/** Objects first, sentence second: `log.info({ sessionId }, 'line opened')`. */
export interface Log {
  debug(fields: Fields, sentence: string): void
  info(fields: Fields, sentence: string): void
  warn(fields: Fields, sentence: string): void
  error(fields: Fields, sentence: string): void
  child(fields: Fields): Log
}

/**
 * What may be logged. An allow-list, because a deny-list forgets: message text, names, phone numbers, tokens and keys have
 * no field here, so they cannot be written by accident.
 */
export interface Fields {
  locationId?: string
  companyId?: string
  sessionId?: string
  messageId?: string
  crmMessageId?: string
  partId?: string
  deliveryId?: string
  deliveryKind?: string
  remoteId?: string
  worker?: string
  epoch?: number
  status?: string | number
  reason?: string
  code?: string | number
  event?: string
  route?: string
  method?: string
  count?: number
  attempt?: number
  ms?: number
  port?: number
  path?: string
  address?: never
  err?: unknown
}

/** Ours that quote nothing of a message, a person or a secret. What is said to people, in a BridgeError, may name somebody. */
const sayable = new Set(['ConnectionEnded', 'CrmError', 'HoldLost', 'LostOwnership', 'SendError', 'TransportError'])

/** Errors are reduced to name, message of our own classes, code and stack frames: library messages may quote what they were given. */
export function describeError(err: unknown): Record<string, unknown> {
  if (!(err instanceof Error)) return { type: typeof err }
  const code = 'code' in err && (typeof err.code === 'string' || typeof err.code === 'number') ? err.code : undefined
  return {
    type: err.name,
    message: sayable.has(err.name) ? err.message : undefined,
    code,
    stack: err.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8)
      .map(asWritten)
      // libsignal names functions after the address they work for.
      .map((line) => line.replace(/\d{6,}/g, '#')),
    cause: err.cause === undefined ? undefined : describeError(err.cause),
  }
}

/** Where a process spares itself translating the stack of every error, one that is logged is translated here. */
function asWritten(frame: string): string {
  if (process.sourceMapsEnabled) return frame
  return frame.replace(
    /((?:file:\/\/)?\/[^\s()]+):(\d+):(\d+)/,
    (place, file: string, line: string, column: string) => {
      const found = findSourceMap(file)?.findEntry(Number(line) - 1, Number(column) - 1)
      return found && 'originalLine' in found ? `${file}:${found.originalLine + 1}:${found.originalColumn + 1}` : place
    },
  )
}

/** What JSON may hold as it is and a terminal obeys, or a reader takes for the end of a line. */
const unescaped = /[\u007f-\u009f\u2028\u2029]/g
const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

export function createLog(options: { name: string; level?: string; destination?: pino.DestinationStream }): Log {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true })
  const logger = pino(
    { name: options.name, level: options.level ?? 'info', serializers: { err: describeError } },
    { write: (line) => void destination.write(line.replace(unescaped, escaped)) },
  )
  return logger as unknown as Log
}

export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
}
