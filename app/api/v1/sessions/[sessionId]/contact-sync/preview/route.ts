import { previewContactSync } from '@/lib/bridge/contact-sync/preview'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const POST = withUser(operations.previewContactSync, ({ ctx, actor, params }) =>
  previewContactSync(ctx, actor, params.sessionId),
)
