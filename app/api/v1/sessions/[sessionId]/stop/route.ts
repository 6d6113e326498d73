import { stopSession } from '@/lib/bridge/session/stop'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.stopSession, ({ ctx, actor, params }) => stopSession(ctx, actor, params))
