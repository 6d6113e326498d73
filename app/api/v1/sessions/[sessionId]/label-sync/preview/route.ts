import { previewLabelSync } from '@/lib/bridge/labels/preview'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.previewLabelSync, ({ ctx, actor, params }) =>
  previewLabelSync(ctx, actor, params.sessionId),
)
