import { sendFromApi } from '@/lib/bridge/message/send-from-api'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.sendMessage, ({ ctx, actor, params, body }) =>
  sendFromApi(ctx, actor, { ...params, ...body }),
)
