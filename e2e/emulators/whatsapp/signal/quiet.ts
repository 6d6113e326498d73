const CHATTER = [
  'Closing session',
  'Opening session',
  'Removing old closed session',
  'Session already',
  'Closing open session',
  'Decrypted message with closed session',
  'Failed to decrypt message with any known session',
  'Session error:',
  'Migrating session',
]

/** libsignal writes to the console, private keys of sessions included. This drops those lines and lets all others by. */
export function quietLibsignal(): void {
  for (const level of ['info', 'warn', 'error'] as const) {
    const write = console[level].bind(console)
    console[level] = (...given: unknown[]) => {
      const [first] = given
      if (typeof first !== 'string' || !CHATTER.some((start) => first.startsWith(start))) write(...given)
    }
  }
}
