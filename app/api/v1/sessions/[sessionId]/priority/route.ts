import { previewPriority } from '@/lib/bridge/session/preview-priority'
import { reprioritise } from '@/lib/bridge/session/reprioritise'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.previewPriority, ({ ctx, actor, params, query }) =>
  previewPriority(ctx, actor, { ...params, ...query }),
)

export const PUT = withUser(operations.changePriority, ({ ctx, actor, params, body }) =>
  reprioritise(ctx, actor, { ...params, ...body }),
)
