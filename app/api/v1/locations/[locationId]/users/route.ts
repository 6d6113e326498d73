import { listUsers } from '@/lib/bridge/sub-account/list-users'
import { operations } from '@/lib/http/operations'
import { withUser } from '@/lib/http/route'

export const GET = withUser(operations.listUsers, ({ ctx, actor, params }) => listUsers(ctx, actor, params.locationId))
