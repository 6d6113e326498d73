import { replaceNumber } from '@/lib/bridge/session/replace-number'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.replaceNumber, ({ ctx, actor, params }) => replaceNumber(ctx, actor, params))
