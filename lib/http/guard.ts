import 'server-only'
import { isOutage } from '@/db/transaction'
import { BridgeError } from '@/lib/errors'
import { web } from './context'
import { answerError } from './respond'

/** For routes outside `/api/v1`: whatever fails is answered in the same words as there. */
export async function guard(request: Request, route: string, handle: () => Promise<Response>): Promise<Response> {
  try {
    return await handle()
  } catch (error) {
    const { ctx } = await web()
    const shown = isOutage(error)
      ? new BridgeError('unavailable', 'The app cannot reach its database. Try again in a moment.', {
          retryAfterSeconds: 5,
        })
      : error
    if (shown !== error) ctx.log.warn({ route, err: error }, 'the database did not answer')
    return answerError(shown, ctx.log, { method: request.method, route })
  }
}
