// libsignal prints whole sessions, private keys included, whenever one opens or closes. The product's worker silences its
// console by itself; emulators and tests, which hold libsignal for the people at the other end, drop only its lines.
for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
  const print = console[method].bind(console)
  console[method] = (...values: unknown[]) => {
    if (!/[\\/]libsignal[\\/]/.test(new Error('who prints').stack ?? '')) print(...values)
  }
}
