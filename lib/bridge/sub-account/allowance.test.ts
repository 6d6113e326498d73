import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRig, type Rig } from '@/lib/http/fixtures/rig'
import { CrmError } from '@/lib/highlevel/highlevel'

let rig: Rig
beforeAll(async () => void (rig = await startRig()))
afterAll(() => rig.close())

interface ApiCall {
  n: number
  stamp: number
  status: number
  path: string
  locationId?: string
}

test(
  'three processes with more to ask than is allowed never ask too much, and lose nothing',
  { timeout: 60_000 },
  async () => {
    const [id] = rig.locationIds
    await rig.crm.install(id!)
    await rig.crm.webhooksIdle()
    await rig.idle()
    const since = await rig.crm.now()
    const webs = [rig.web, rig.anotherWeb(), rig.anotherWeb()]
    const wanted = 130
    let done = 0
    let asked = 0
    await Promise.all(
      webs.flatMap(({ ctx }) =>
        Array.from({ length: 40 }, async () => {
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
      while (times[to]! - times[from]! >= 10_000) from++
      most = Math.max(most, to - from + 1)
    }
    expect(most).toBeLessThanOrEqual(100)
    // Not by idling: nearly all that is allowed is used.
    expect(most).toBeGreaterThan(85)
  },
)
