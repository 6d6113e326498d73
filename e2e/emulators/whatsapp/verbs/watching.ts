import { z } from 'zod'
import type { HistoryEvent } from '../../history'
import type { World } from '../world'
import { number, verb } from './verb'

/** Looking at what happened, and waiting for what is to happen. */
export const watchingVerbs = {
  /** The version of a phone, once it is past the one given: the way to wait for anything a person sees. */
  changed: verb(z.object({ number, after: z.number().default(-1), waitMs: z.number().default(0) }), (world, input) => {
    const phone = world.phone(input.number)
    if (phone.version > input.after || input.waitMs <= 0) return phone.version
    return new Promise<number>((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        stop()
        resolve(phone.version)
      }
      const timer = setTimeout(finish, input.waitMs)
      const stop = world.watch((changed) => {
        if (changed === phone) finish()
      })
    })
  }),
  /** Events after `since` that have every field of `match`. With `waitMs` it answers as soon as there is one. */
  history: verb(
    z.object({
      since: z.number().default(0),
      waitMs: z.number().default(0),
      match: z.record(z.string(), z.unknown()).default({}),
    }),
    (world, { since, waitMs, match }) => {
      const fits = (event: HistoryEvent) => Object.entries(match).every(([field, value]) => event[field] === value)
      const events = world.history.since(since).filter(fits)
      return events.length > 0 || waitMs <= 0 ? events : nextEvents(world, fits, waitMs)
    },
  ),

  /** The number of the newest event, to begin waiting from. */
  position: verb(z.object({}), (world) => world.history.last()),
  counters: verb(z.object({}), (world) => ({
    unknownQueries: Object.fromEntries(world.unknownQueries),
    violations: world.history.since(0).filter((event) => event.kind === 'violation').length,
    connections: world.lines.size,
  })),
}

const GATHER_MS = 5

/** The first event that fits and those right behind it, so that a busy listener is not answered one by one. */
function nextEvents(world: World, fits: (event: HistoryEvent) => boolean, waitMs: number): Promise<HistoryEvent[]> {
  return new Promise((resolve) => {
    const found: HistoryEvent[] = []
    const finish = () => {
      clearTimeout(timer)
      stop()
      resolve(found)
    }
    const timer = setTimeout(finish, waitMs)
    const stop = world.history.listen((event) => {
      if (!fits(event)) return
      if (found.length === 0) setTimeout(finish, GATHER_MS)
      found.push(event)
    })
  })
}
