import type { Log } from '@/lib/log'

type LibraryLogger = NonNullable<Parameters<typeof import('@whiskeysockets/baileys').makeWASocket>[0]['logger']>

/**
 * What Baileys wants to say, without what it says it about: its sentences and objects quote numbers, stanzas and keys.
 * Only the fixed start of a warning's sentence gets through.
 */
export function libraryLogger(log: Log): LibraryLogger {
  const say = (level: 'warn' | 'error') => (fields: unknown, sentence?: string) => {
    const text = typeof fields === 'string' ? fields : (sentence ?? '')
    const err = typeof fields === 'object' && fields !== null && 'err' in fields ? fields.err : undefined
    log[level]({ event: skeleton(text), ...(err !== undefined && { err }) }, 'WhatsApp library')
  }
  const logger: LibraryLogger = {
    level: 'warn',
    child: () => logger,
    trace: () => {},
    debug: () => {},
    info: () => {},
    warn: say('warn'),
    error: say('error'),
  }
  return logger
}

export function skeleton(sentence: string): string {
  const fixed = sentence.split(/[:\n{["“]/, 1)[0] ?? ''
  return fixed
    .replace(/\S*\d{3,}\S*|\S*@\S*|\S{25,}/g, '#')
    .slice(0, 80)
    .trim()
}
