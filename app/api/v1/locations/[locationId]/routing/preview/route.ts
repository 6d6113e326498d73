import { previewRouting } from '@/lib/bridge/message/preview-routing'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.previewRouting, ({ ctx, actor, params, body }) =>
  previewRouting(ctx, actor, { ...params, ...body }),
)
