import type { z } from 'zod'
import type { Actor, BridgeContext } from '@/lib/bridge/context'
import { actorOf } from './actor'
import { web } from './context'
import type { Operation } from './operations'
import { parseParams, parseQuery, readBody } from './read-input'
import { answer, answerError } from './respond'

/** Without a schema: nothing, or a response of its own such as a stream. */
type Answered<Answer> = Answer extends z.ZodType ? z.input<Answer> : Response | void

type Handler = (request: Request, route: { params: Promise<unknown> }) => Promise<Response>

/** A route of the API: who asks, what they ask, one verb, its answer. */
export function withUser<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType | null,
>(
  operation: Operation<Params, Query, Body, Answer>,
  handle: (asked: {
    ctx: BridgeContext
    actor: Actor
    params: z.output<Params>
    query: z.output<Query>
    body: z.output<Body>
    /** When the caller's proof of who they are ends. */
    endsAt: Date
    request: Request
  }) => Answered<Answer> | Promise<Answered<Answer>>,
): Handler {
  return async (request, route) => {
    const where = { method: request.method, route: operation.path }
    const { ctx } = await web()
    try {
      const { actor, endsAt } = await actorOf(request)
      const params = parseParams(operation.params, (await route.params) ?? {})
      const query = parseQuery(operation.query, request.url)
      const body = await readBody(operation.body, request)
      const result: unknown = await handle({ ctx, actor, endsAt, params, query, body, request })
      return result instanceof Response ? result : answer(operation.status, result)
    } catch (error) {
      return answerError(error, ctx.log, where)
    }
  }
}
