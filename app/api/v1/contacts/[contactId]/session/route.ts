import { freeSession, useSession } from '@/lib/bridge/contact/use-session'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.chooseContactSession, ({ ctx, actor, params, body }) =>
  useSession(ctx, actor, { ...params, ...body }),
)

export const DELETE = withUser(operations.freeContactSession, ({ ctx, actor, params, query }) =>
  freeSession(ctx, actor, { ...params, ...query }),
)
