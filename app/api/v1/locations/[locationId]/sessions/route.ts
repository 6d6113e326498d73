import { createSession } from '@/lib/bridge/session/create'
import { listSessions } from '@/lib/bridge/session/list'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.listSessions, ({ ctx, actor, params, query }) =>
  listSessions(ctx, actor, { ...params, ...query }),
)

export const POST = withUser(operations.createSession, ({ ctx, actor, params, body }) =>
  createSession(ctx, actor, { ...params, ...body }),
)
