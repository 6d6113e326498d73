/**
 * postgres.js 3.4.9 gathers small writes and sends them from `setImmediate(nextWrite)`. When the connection closes in between,
 * it forgets either that its socket is gone, and the TypeError ends the process, or that nothing is scheduled any more, and the
 * connection never writes again after a restart of the database (porsager/postgres #1066, #1154, #1208). Written at once,
 * nothing is left to go wrong. Goes when the driver guards itself.
 */
const later = globalThis.setImmediate

function now(run: (...given: unknown[]) => void, ...given: unknown[]): unknown {
  if (run.name !== 'nextWrite') return later(run, ...given)
  run()
  return null
}

globalThis.setImmediate = Object.defineProperties(now, Object.getOwnPropertyDescriptors(later)) as typeof later
