import { readLabelSync } from '@/lib/bridge/labels/read'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readLabelSync, ({ ctx, actor, params }) =>
  readLabelSync(ctx, actor, params.sessionId),
)
