import { listAlerts } from '@/lib/bridge/alert/list'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.listAlerts, ({ ctx, actor, params }) =>
  listAlerts(ctx, actor, params.locationId),
)
