/** Full jitter: anywhere between half and all of a doubling wait, from `minMs` up to `maxMs`. `attempt` counts from 1. */
export function backoffMs(attempt: number, limits: { minMs: number; maxMs: number }, random = Math.random): number {
  const ceiling = Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(30, attempt - 1))
  return Math.round(ceiling * (0.5 + random() / 2))
}
