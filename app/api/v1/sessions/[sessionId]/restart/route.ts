import { restartSession } from '@/lib/bridge/session/restart'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.restartSession, ({ ctx, actor, params }) => restartSession(ctx, actor, params))
