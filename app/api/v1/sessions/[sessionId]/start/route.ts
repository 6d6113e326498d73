import { startSession } from '@/lib/bridge/session/start'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.startSession, ({ ctx, actor, params }) => startSession(ctx, actor, params))
