import { linkSession } from '@/lib/bridge/session/link'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.linkSession, ({ ctx, actor, params }) => linkSession(ctx, actor, params))
