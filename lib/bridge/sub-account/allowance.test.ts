import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRig, type Rig } from '@/lib/http/fixtures/rig'
import { CrmError } from '@/lib/highlevel/highlevel'
import { documented } from './request-budget'

let rig: Rig
// The CRM's own limit is out of the way: it would refuse what a busy machine sends late.
beforeAll(async () => void (rig = await startRig({ settings: { limits: { enforced: false } } })))
afterAll(() => rig.close())

const windowMs = 4_000

interface ApiCall {
  n: number
  stamp: number
  status: number
  path: string
  locationId?: string
}

test(
  'three processes with more to ask than is allowed never ask too much, and lose nothing',
  { timeout: 120_000 },
  async () => {
    const [id] = rig.locationIds
    await rig.crm.install(id!)
    await rig.crm.webhooksIdle()
    await rig.idle()
    const since = await rig.crm.now()
    const webs = [rig.web, rig.anotherWeb(), rig.anotherWeb()]
    const wanted = 60
    const stalls = monitorEventLoopDelay({ resolution: 10 })
    stalls.enable()
    let done = 0
    let asked = 0
    await Promise.all(
      webs.flatMap(({ ctx }) =>
        Array.from({ length: 25 }, async () => {
          while (asked < wanted) {
            asked++
            for (;;) {
              try {
                await ctx.highlevel.forSubAccount(id!).getLocation()
                break
              } catch (error) {
                if (!(error instanceof CrmError) || error.kind !== 'try_later') throw error
                await ctx.clock.sleep(Math.min(error.retryAfterMs ?? 0, 2_000))
              }
            }
            done++
          }
        }),
      ),
    )
    expect(done).toBeGreaterThanOrEqual(wanted)
    const calls = ((await rig.crm.history(since, ['api'])) as unknown as ApiCall[]).filter((call) =>
      call.path.startsWith('/locations/'),
    )
    expect(calls.length).toBe(done)
    expect(calls.filter((call) => call.status !== 200)).toEqual([])
    const times = calls.map((call) => call.stamp).sort((a, b) => a - b)
    let most = 0
    for (let from = 0, to = 0; to < times.length; to++) {
      while (times[to]! - times[from]! >= windowMs) from++
      most = Math.max(most, to - from + 1)
    }
    const { everyMs } = documented
    const allowed = 6 + windowMs / everyMs
    const late = 6 + stalls.max / 1e6 / everyMs
    expect(most).toBeLessThanOrEqual(allowed + late)
    // Not by idling: nearly all that is allowed is used.
    expect(most).toBeGreaterThan(allowed - late)
  },
)
