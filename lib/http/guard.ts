import 'server-only'
import { web } from './context'
import { answerError } from './respond'

/** For routes outside `/api/v1`: whatever fails is answered in the same words as there. */
export async function guard(request: Request, route: string, handle: () => Promise<Response>): Promise<Response> {
  try {
    return await handle()
  } catch (error) {
    const { ctx } = await web()
    return answerError(error, ctx.log, { method: request.method, route })
  }
}
