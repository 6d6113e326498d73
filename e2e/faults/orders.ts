// How a test tells a worker where to die, and how the worker says that it is up.
import { z } from 'zod'
import type { FaultPoint, ReachFaultPoint } from '@/lib/channel/channel'

/** Die at the `nth` time from now that the point is reached; no point: live on. */
export interface Order {
  point: FaultPoint | null
  nth: number
}

const order = z.object({ point: z.string().nullable(), nth: z.number() })

export function listenForOrders(): { reach: ReachFaultPoint; ready(): void } {
  let armed: Order = { point: null, nth: 0 }
  process.on('message', (message) => {
    armed = order.parse(message) as Order
    process.send?.({ obeyed: true })
  })
  return {
    reach(point) {
      if (point !== armed.point) return
      armed.nth -= 1
      if (armed.nth > 0) return
      process.kill(process.pid, 'SIGKILL')
      return new Promise<never>(() => {})
    },
    ready: () => void process.send?.({ ready: true }),
  }
}
