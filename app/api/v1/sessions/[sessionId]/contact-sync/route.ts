import { readContactSync } from '@/lib/bridge/contact-sync/read'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readContactSync, ({ ctx, actor, params }) =>
  readContactSync(ctx, actor, params.sessionId),
)
