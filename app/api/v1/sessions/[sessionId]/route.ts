import { changeSession } from '@/lib/bridge/session/change'
import { readSession } from '@/lib/bridge/session/read'
import { removeSession } from '@/lib/bridge/session/remove'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readSession, ({ ctx, actor, params }) =>
  readSession(ctx, actor, params.sessionId),
)

export const PATCH = withUser(operations.patchSession, ({ ctx, actor, params, body }) =>
  changeSession(ctx, actor, { ...params, change: body }),
)

export const DELETE = withUser(operations.removeSession, ({ ctx, actor, params, query }) =>
  removeSession(ctx, actor, { ...params, removeTags: query.removeTags === 'true' }),
)
