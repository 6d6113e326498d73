import { readOverview } from '@/lib/bridge/sub-account/overview'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.readOverview, ({ ctx, actor, params }) =>
  readOverview(ctx, actor, params.locationId),
)
