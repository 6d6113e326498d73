import { logoutSession } from '@/lib/bridge/session/logout'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.logoutSession, ({ ctx, actor, params }) => logoutSession(ctx, actor, params))
