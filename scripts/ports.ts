import { createServer } from 'node:net'

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, () => probe.close(() => resolve(true)))
  })
}

/** The first free port from here on, none of those taken. */
export async function nextFree(from: number, taken: readonly number[] = []): Promise<number> {
  for (let port = from; port <= 65_535; port += 1) if (!taken.includes(port) && (await isFree(port))) return port
  throw new Error(`No port from ${from} on is free`)
}

export async function mustBeFree(port: number): Promise<void> {
  if (!(await isFree(port))) throw new Error(`Port ${port} is in use. Stop what uses it, or set PORT to another one.`)
}
