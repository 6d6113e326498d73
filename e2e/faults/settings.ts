// How long a run is. Short by default; FAULT_CYCLES or FAULT_MINUTES make it longer, FAULT_SEED repeats one.
import { randomInt } from 'node:crypto'

export const seed = Number(process.env.FAULT_SEED ?? randomInt(1, 2 ** 31))

const cycles = process.env.FAULT_CYCLES === undefined ? null : Number(process.env.FAULT_CYCLES)
const minutes = process.env.FAULT_MINUTES === undefined ? null : Number(process.env.FAULT_MINUTES)

/** The given cycles again and again until the asked length is reached; once by default. */
export function* lengthened<T>(each: readonly T[]): Generator<T> {
  const endsAt = minutes === null ? null : performance.now() + minutes * 60_000
  for (let n = 0; ; n++) {
    if (endsAt !== null ? performance.now() >= endsAt : n >= (cycles ?? each.length)) return
    yield each[n % each.length]!
  }
}
