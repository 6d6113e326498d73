import { personOf } from '@/lib/bridge/reach'
import { readSubAccount } from '@/lib/bridge/sub-account/list'
import { BridgeError } from '@/lib/errors'
import { web } from '@/lib/http/context'
import { streamEvents, streamHeaders } from '@/lib/http/events'
import { mayOpenAnother, registerStream } from '@/lib/http/open-streams'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.watchLocation, async ({ ctx, actor, endsAt, params, request }) => {
  await readSubAccount(ctx, actor, params.locationId)
  // Next answers HEAD with GET's headers and would leave the stream open behind them.
  if (request.method === 'HEAD') return new Response(null, { headers: streamHeaders })
  const changes = await (await web()).changes()
  const { companyId, userId } = personOf(actor)
  const person = `${companyId} ${userId}`
  if (!mayOpenAnother(person))
    throw new BridgeError('too_many_requests', 'Too many pages are open. Close some, then try again.', {
      retryAfterSeconds: 15,
    })
  return streamEvents({
    ctx,
    actor,
    locationId: params.locationId,
    changes,
    endsAt,
    signal: request.signal,
    register: (close) => registerStream(person, close),
  })
})
