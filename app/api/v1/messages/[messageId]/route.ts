import { readMessage } from '@/lib/bridge/message/read'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readMessage, ({ ctx, actor, params }) =>
  readMessage(ctx, actor, params.messageId),
)
