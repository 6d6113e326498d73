import { listMessages } from '@/lib/bridge/message/list'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.listMessages, ({ ctx, actor, params, query }) =>
  listMessages(ctx, actor, { ...params, ...query }),
)
