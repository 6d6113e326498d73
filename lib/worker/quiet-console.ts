/**
 * Import before anything else in a process that holds WhatsApp lines: libsignal prints whole sessions, private keys
 * included, with console.*. What is left says that something was printed and where, never what. Rejections without a
 * holder go the same way.
 */
import { createLog } from '@/lib/log'

const log = createLog({ name: 'console' })

for (const level of ['log', 'info', 'debug', 'trace', 'warn', 'error', 'dir', 'table'] as const) {
  console[level] = () => {
    const isLoud = level === 'warn' || level === 'error'
    log[isLoud ? 'warn' : 'debug'](
      { event: `console.${level}`, path: callerOf(new Error('here')) },
      'a library wrote to the console; its words are withheld',
    )
  }
}

/** `file:line` of whoever called console. */
function callerOf(error: Error): string {
  const frame = error.stack?.split('\n').find((line, index) => index > 1 && !line.includes('quiet-console')) ?? ''
  return /([^/\\(]+:\d+):\d+\)?$/.exec(frame)?.[1] ?? 'unknown'
}

// Baileys starts work whose promise nobody holds. One stanza that could not be answered must not end every other line.
process.on('unhandledRejection', (reason) => {
  log.error({ err: reason, event: 'unhandledRejection' }, 'a promise nobody held was rejected')
})
