import { isOutage } from '@/db/transaction'
import { acceptOutbound } from '@/lib/bridge/message/accept-outbound'
import { acceptAppEvent } from '@/lib/bridge/sub-account/accept-app-event'
import { compareSoon } from '@/lib/bridge/message/recover-outbound'
import { settleInstalls } from '@/lib/bridge/sub-account/settle-installs'
import type { ErrorCode } from '@/lib/errors'
import type { LocationId } from '@/lib/ids'
import {
  isDeliverySecret,
  parseAppEvent,
  parseProviderMessage,
  signatureHeader,
  verifySignature,
} from '@/lib/highlevel/webhook'
import { sha256 } from '@/lib/seal'
import { readRaw } from './raw-body'
import type { Web } from './web'

const maxBodyBytes = 1024 * 1024
/** The CRM gives up on slow answers, so one that could not be stored by then is asked for again. */
const storeWithinMs = 1_500
/** The CRM's own rhythm of retries. */
const retryAfterSeconds = 600
/** Stores under way beyond which new ones are not begun: during an outage they would pile up behind it. */
const mostUnderWay = 500

/** Work that goes on after the answer. */
export type Later = (work: () => Promise<void>) => void

/** A message to deliver: authenticate, store, answer. */
export async function handleDelivery(web: Web, request: Request, secret: string): Promise<Response> {
  if (!isDeliverySecret(secret, web.settings.highlevel.deliverySecrets))
    return say(404, 'not_found', 'There is nothing here.')
  const raw = await readRaw(request, maxBodyBytes)
  if (!raw) return say(413, 'too_large', 'The body is larger than 1 MiB.')
  const signature = verifySignature(raw, request.headers.get(signatureHeader), web.webhookKeys)
  const isRefused =
    signature === 'bad' || (signature === 'unsigned' && web.settings.highlevel.deliverySignature === 'required')
  if (isRefused) return say(401, 'unauthenticated', 'The signature is not good.')
  const message = parseProviderMessage(raw)
  if (!message) return say(400, 'bad_request', 'The body is not a message to deliver.')
  // Whether it is new, repeated or for a sub-account that left, the CRM need not send it again.
  const answer = await storeOrAskAgain(web, '/api/webhooks/delivery', () =>
    acceptOutbound(web.ctx, { message, signature }),
  )
  if (answer.status === 429) owed.add(message.locationId)
  else if (owed.size > 0) void settleOwed(web)
  return answer
}

/** An event of the app's life or of a contact. */
export async function handleAppEvent(web: Web, request: Request, later: Later): Promise<Response> {
  const raw = await readRaw(request, maxBodyBytes)
  if (!raw) return say(413, 'too_large', 'The body is larger than 1 MiB.')
  if (verifySignature(raw, request.headers.get(signatureHeader), web.webhookKeys) !== 'good')
    return say(401, 'unauthenticated', 'The signature is not good.')
  const signed = parseAppEvent(raw)
  if (!signed) return say(400, 'bad_request', 'The body is not an event.')
  // Most of what comes, such as an echo of every message, is of no use here and need not be remembered.
  if (signed.event.type === 'other') return Response.json({ ok: true })
  const key = signed.webhookId ?? sha256(raw).toString('hex')
  return await storeOrAskAgain(web, '/api/webhooks/app', async () => {
    if ((await acceptAppEvent(web.ctx, { key, signed })) === 'installed') later(() => settleInstalls(web.ctx))
  })
}

/** Whose messages were not stored: soon after something can be again, the CRM is asked what it wanted, sooner than it asks again. */
const owed = new Set<LocationId>()

async function settleOwed(web: Web): Promise<void> {
  const ids = [...owed]
  owed.clear()
  try {
    await compareSoon(web.ctx, ids)
  } catch (error) {
    for (const id of ids) owed.add(id)
    web.ctx.log.warn({ route: '/api/webhooks/delivery', err: error }, 'what was not stored is looked for later')
  }
}

let underWay = 0
let toldAtMs = -Infinity

/** 200 once it is stored; else 429, the one answer after which every version of the CRM sends it again. Never a 5xx. */
async function storeOrAskAgain(web: Web, route: string, store: () => Promise<unknown>): Promise<Response> {
  if (underWay >= mostUnderWay) return askAgain()
  underWay++
  const stored = store()
    .then(
      () => true,
      (error: unknown) => {
        // During an outage they come by the hundred; one a second tells as much.
        const nowMs = web.ctx.clock.monotonicMs()
        if (!isOutage(error) || nowMs - toldAtMs > 1_000) {
          toldAtMs = nowMs
          web.ctx.log.error({ route, err: error }, 'a webhook could not be stored; the CRM is asked to send it again')
        }
        return false
      },
    )
    .finally(() => underWay--)
  // A bare timer: an AbortController for each message was seen to cost a twentieth of the route's CPU.
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), storeWithinMs)))
  const isStored = await Promise.race([stored, tooLate])
  clearTimeout(timer)
  return isStored ? Response.json({ ok: true }) : askAgain()
}

const say = (status: number, code: ErrorCode, message: string) =>
  Response.json({ error: { code, message } }, { status })
const askAgain = () =>
  Response.json(
    { error: { code: 'unavailable' satisfies ErrorCode, message: 'Not stored. Send it again later.' } },
    { status: 429, headers: { 'retry-after': String(retryAfterSeconds) } },
  )
