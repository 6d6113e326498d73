import { readEntitlement } from '@/lib/bridge/entitlement/read'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readEntitlement, ({ ctx, actor, params }) =>
  readEntitlement(ctx, actor, params.locationId),
)
